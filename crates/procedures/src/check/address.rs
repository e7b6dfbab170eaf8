//! The checks of addresses and keys: what the portal accepts, and nothing else.

use std::net::IpAddr;

use oauth::{Keys, RedirectUri};
use url::Url;

use super::field::{Check, prefixed};
use super::finding::{Code, Place, Severity};
use super::keys::{KeyMistake, parse_keys, without_kid};
use crate::catalogue::Field;
use crate::text::Text;

pub(super) fn email(c: &mut Check<'_>, label: &Text, text: &str, place: &Place) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b);
    let good = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let host = domain.split('.').all(|l| {
            !l.is_empty()
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        let local_good = !local.is_empty() && local.len() <= 64 && local.bytes().all(legal);
        local_good
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && host
            && domain.contains('.')
            && text.len() <= 254
    });
    if !good {
        c.error(
            place.clone(),
            Code::Malformed,
            format!("{}は「名前@ドメイン」の形で入力してください（例：yamada@example.co.jp）。", label.ja),
            format!("{}: write an address such as yamada@example.co.jp.", label.en),
        );
    }
}

pub(super) fn url(c: &mut Check<'_>, label: &Text, text: &str, place: &Place) {
    match oauth::redirect::check_url("address", text) {
        Ok(url) => local(c, label, &url, place),
        Err(_) => {
            let near = text.strip_prefix("http://").map(|rest| format!("https://{rest}"));
            let message = Text::new(
                format!("{}は、https://で始まり、ユーザー名を含まないアドレスを入力してください。", label.ja),
                format!("{}: write an address that begins with https://, without a user name.", label.en),
            );
            c.add(place.clone(), Severity::Error, Code::BadAddress, message, near);
        }
    }
}

fn local(c: &mut Check<'_>, label: &Text, url: &Url, place: &Place) {
    if c.in_production() && oauth::redirect::is_loopback(url) {
        c.error(
            place.clone(),
            Code::PrivateAddress,
            format!("{}：本番環境では、手元のコンピューター（localhost）のアドレスは使えません。公開しているアドレスを入力してください。", label.ja),
            format!("{}: an address of this machine (localhost) can't be used in production. Write the public one.", label.en),
        );
    }
}

pub(super) fn redirect(c: &mut Check<'_>, label: &Text, text: &str, place: &Place) {
    let error = match RedirectUri::parse(text) {
        Ok(_) => {
            if let Ok(url) = Url::parse(text) {
                local(c, label, &url, place);
            }
            return;
        }
        Err(e) => e,
    };
    // The nearest address that can be registered: https, nothing from # on.
    let bare = text.split('#').next().unwrap_or_default();
    let near = [bare.to_owned(), bare.replacen("http://", "https://", 1), format!("https://{bare}")];
    let near = near.into_iter().find(|n| n != text && RedirectUri::parse(n).is_ok());
    let why = &error.description;
    let ja = if why.contains("fragment") {
        "「#」から後ろを取り除いてください。"
    } else if why.contains("user name") {
        "ユーザー名とパスワードを取り除いてください。"
    } else if why.contains("percent-encoded") {
        "使えない文字があります。日本語などはパーセントエンコードし、「*」は使わず、アドレスを1つずつ書いてください。"
    } else if why.contains("2048") {
        "2048文字以内にしてください。"
    } else if why.contains("absolute") {
        "https://から始まる、省略のないアドレスを書いてください。"
    } else {
        "https://で始まるアドレスを書いてください（http://は手元のコンピューターのアドレスに限ります）。"
    };
    let short: String = text.chars().take(80).collect();
    let message = Text::new(format!("{}「{short}」：{ja}", label.ja), format!("{}: {why}.", label.en));
    c.add(place.clone(), Severity::Error, Code::BadAddress, message, near);
}

pub(super) fn jwks(c: &mut Check<'_>, field: &Field, text: &str, place: &Place) {
    match parse_keys(text) {
        Ok(Keys::Jwks(set)) => {
            for (i, thumbprint) in without_kid(&set) {
                let message = Text::new(
                    format!(
                        "{}番目の鍵にkidがありません。鍵を入れ替えるときに区別できるよう、付けてください（例：{thumbprint}）。",
                        i + 1
                    ),
                    format!(
                        "Key {} has no kid. Give it one, such as {thumbprint}, so that keys can be told apart when they are replaced.",
                        i + 1
                    ),
                );
                let message = prefixed(field, &message);
                c.add(place.clone(), Severity::Warning, Code::MissingKid, message, Some(thumbprint));
            }
        }
        Ok(Keys::JwksUri(uri)) => local(c, &field.label, &uri, place),
        Err(e) => {
            let code = match &e {
                KeyMistake::Private => Code::PrivateKey,
                KeyMistake::Address(_) => Code::BadAddress,
                KeyMistake::Unreadable | KeyMistake::Pem => Code::Malformed,
                KeyMistake::Key(..) | KeyMistake::NoSignatureKey | KeyMistake::Library(_) => Code::UnsuitedKey,
            };
            c.add(place.clone(), Severity::Error, code, prefixed(field, &e.message()), None);
        }
    }
}

pub(super) fn ip(c: &mut Check<'_>, label: &Text, text: &str, place: &Place) {
    let (address, prefix) = match text.split_once('/') {
        Some((a, p)) => (a, Some(p)),
        None => (text, None),
    };
    let address: Option<IpAddr> = address.parse().ok();
    let most = if matches!(address, Some(IpAddr::V6(_))) { 128 } else { 32 };
    let prefix_good = prefix.is_none_or(|p| p.parse::<u8>().is_ok_and(|p| (8..=most).contains(&p)));
    let Some(address) = address.filter(|_| prefix_good) else {
        c.error(
            place.clone(),
            Code::Malformed,
            format!("{}「{text}」は読み取れません。203.0.113.10 や 203.0.113.0/28 のように書いてください。", label.ja),
            format!("{}: '{text}' can't be read. Write such as 203.0.113.10 or 203.0.113.0/28.", label.en),
        );
        return;
    };
    let private = match address {
        IpAddr::V4(a) => a.is_private() || a.is_loopback() || a.is_link_local() || a.is_unspecified(),
        IpAddr::V6(a) => a.is_loopback() || a.is_unspecified() || a.is_unique_local() || a.is_unicast_link_local(),
    };
    if private && !c.world.local_is_fine {
        let severity = if c.in_production() { Severity::Error } else { Severity::Warning };
        let message = Text::new(
            format!("{}「{text}」は組織の中だけのアドレスです。インターネット側のアドレスを書いてください。", label.ja),
            format!("{}: '{text}' is an address within a network. Write the one that the internet sees.", label.en),
        );
        c.add(place.clone(), severity, Code::PrivateAddress, message, None);
    }
}

//! Every page in both languages with what really stands in the database; wrong parties; inquiries, FAQ, templates, figures.

use std::collections::BTreeSet;

use base::{Clock, Lang, Rng, Secret};
use desk::Config;
use desk::kit::threads;
use store::Sealer;
use store::testing::engines;
use web::testing::{keys_equal, keys_used};

use crate::world::{ORIGIN, World};

#[test]
fn texts_fit_templates_and_each_other() {
    let sealer = Sealer::new(&Secret::new([1; 32]), Rng::system()).unwrap();
    let config = Config::test(web::Origin::parse(ORIGIN).unwrap());
    let site = desk::site_with(&config, &sealer, &Clock::system(), &Rng::system(), &[office::extension()]).unwrap();
    for pair in office::TEXTS.chunks(2) {
        keys_equal(pair[0].1, pair[1].1).unwrap();
    }
    // Only this room's keys: the desk's own test answers for the others.
    let own: String = office::TEXTS.iter().filter(|(l, _)| *l == Lang::Ja).map(|(_, t)| *t).collect();
    let in_rust = [
        "staff-role-*",
        "nav-staff*",
        "st-what-*",
        "st-fig-*",
        "st-mail-*",
        "st-faq-*",
        "st-people-*",
        "st-comment-*",
        "st-template-*",
        "st-agreed-*",
        "st-message-*",
        "st-assign-nobody",
        "st-suspend-reason-missing",
        "st-text-long",
        "st-reason-missing",
        "st-raced-text",
    ];
    let complaints = keys_used(&site, &own, &in_rust).err().unwrap_or_default();
    let ours: Vec<_> = complaints.lines().filter(|l| l.contains("nothing uses it") || l.starts_with("st-")).collect();
    assert!(ours.is_empty(), "{}", ours.join("\n"));
}

/// Everything there is to see: a case of the first steps, an inquiry, an entry, a template.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_both_languages_and_nothing_for_strangers() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut member, by, org) = w.org("mihon").await;
        let case = w.open(&by, &org).await;
        w.applicant_acts(&case, &by, "").await;
        let (mut b, me) = w.staff("b", "reception reviewer approver operator administrator").await;
        // An inquiry from the applicant; answered with a note among the staff.
        let page = member.get("/inquiries/new").await;
        let (action, hidden) = page.form("/inquiries", "ask");
        let ask = [("topic", "test"), ("org", org.as_str()), ("subject", "鍵について"), ("body", "JWKSの期限は？")];
        member.send((action, hidden), &ask).await.expect(200, "inquiry");
        let thread = w.desk.db().read(|tx| threads::by_status(tx, "open")).await.unwrap().remove(0);
        let base = format!("/staff/inquiries/{}", thread.id);
        let page = b.get(&base).await;
        b.press(&page, &base, "answer", &[("body", "")]).await.expect(422, "staff-inquiry");
        b.press(&page, &base, "note", &[("note", "内線で確認した")])
            .await
            .expect(200, "staff-inquiry")
            .says("運営内のみ");
        member.get(&format!("/inquiries/{}", thread.id)).await.lacks("内線で確認した");
        b.press(&page, &base, "answer", &[("body", "1年です")]).await.expect(200, "staff-inquiry");
        member.get(&format!("/inquiries/{}", thread.id)).await.says("1年です").lacks("内線で確認した");
        assert!(w.mails_to("mihon@example.jp").await.iter().any(|(s, _)| s.contains("回答・連絡")));
        for act in ["give-back", "take", "close", "open"] {
            let page = b.get(&base).await;
            let action = if matches!(act, "close" | "open") { "/status" } else { "/assign" };
            b.press(&page, action, act, &[]).await.expect(200, "staff-inquiry");
        }
        // An entry: previewed, saved, shown, withdrawn, moved; its history has the differences.
        let page = b.get("/staff/faq/new").await;
        let entry = [
            ("topic", "test"),
            ("question_ja", "試験はいつできますか"),
            ("answer_ja", "平日です。\n\n休日は不可。"),
            ("question_en", "When can we test?"),
            ("answer_en", "On weekdays."),
        ];
        let with = |more: (&'static str, &'static str)| [&entry[..], &[more]].concat();
        b.press(&page, "/new", "save", &with(("preview", "1"))).await.expect(200, "staff-faq-edit").says("休日は不可");
        b.press(&page, "/new", "save", &[("topic", "test")]).await.expect(422, "staff-faq-edit");
        let page = b.press(&page, "/new", "save", &entry).await;
        let page = page.expect(200, "staff-faq").says("試験はいつ").clone();
        member.get("/faq").await.lacks("試験はいつできますか");
        let page = b.press(&page, "/publish", "publish", &[]).await;
        member.get("/faq").await.says("試験はいつできますか");
        let id = page.html.split("/staff/faq/faq_").nth(1).unwrap().split(['"', '/']).next().unwrap().to_owned();
        let edit = format!("/staff/faq/faq_{id}");
        let page = b.get(&edit).await;
        let changed = with(("answer_ja", "平日の9時から17時です。"));
        let changed: Vec<_> = changed.into_iter().filter(|(n, v)| *n != "answer_ja" || v.contains('9')).collect();
        b.press(&page, &edit, "save", &changed).await.expect(200, "staff-faq");
        b.press(&page, &edit, "save", &entry).await.expect(422, "staff-faq-edit").says("先に操作しました");
        b.get(&format!("{edit}/history"))
            .await
            .expect(200, "staff-history")
            .says("<del>平日です。</del>")
            .says("<ins>");
        // A template, used in a message; the applicant reads it filled in.
        let page = b.get("/staff/templates/new").await;
        let template = [
            ("title", "受付の連絡"),
            ("subject_ja", "{組織}様の申請"),
            ("body_ja", "{サービス}（{受付番号}）を受け付けました。"),
            ("subject_en", "Your application"),
            ("body_en", "We have {service}."),
        ];
        b.press(&page, "/new", "save", &template[..2]).await.expect(422, "staff-template");
        let page = b.press(&page, "/new", "save", &template).await;
        let page = page.expect(200, "staff-templates").clone();
        let id = page.html.split("/staff/templates/tpl_").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let page = b.get(&format!("/staff/cases/{case}/message?template=tpl_{id}&in=ja")).await;
        let page = page.expect(200, "staff-message").says("mihon株式会社様の申請").clone();
        b.press(&page, "/message", "send", &[]).await.expect(422, "staff-message");
        let text = [("subject", "mihon様の申請"), ("body", "受け付けました。")];
        b.press(&page, "/message", "send", &text).await.expect(200, "staff-case").says("mihon様の申請");
        member.get("/inquiries").await.says("mihon様の申請");
        // Taking, meeting notes (shared and not).
        let page = b.get(&format!("/staff/cases/{case}")).await;
        b.press(&page, "/assign", "take", &[]).await.expect(200, "staff-case").says("担当を変更しました");
        b.press(&page, "/assign", "take", &[]).await.says("別の人が先に操作しました");
        let page = b.get(&format!("/staff/cases/{case}")).await;
        b.press(&page, "/act", "note", &[("note", "内部の打合せ")]).await.expect(200, "staff-case");
        let page = b.get(&format!("/staff/cases/{case}")).await;
        b.press(&page, "/act", "note", &[("note", "三者の打合せ"), ("shared", "1")]).await.expect(200, "staff-case");
        let page = b.get(&format!("/staff/cases/{case}")).await;
        b.press(
            &page,
            "/act",
            "note",
            &[("note", "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkq\n-----END PRIVATE KEY-----")],
        )
        .await
        .expect(422, "staff-case")
        .lacks("MIIBVg");
        member.get(&format!("/cases/{case}")).await.says("三者の打合せ").lacks("内部の打合せ");
        let page = b.get(&format!("/staff/cases/{case}")).await;
        b.press(&page, "/act", "confirm", &[]).await.expect(200, "staff-case");
        // Everything in both languages.
        let service = {
            let org = org.clone();
            w.desk.db().read(move |tx| desk::kit::services::of_org(tx, &org)).await.unwrap().remove(0).id
        };
        let paths = [
            "/staff".to_owned(),
            "/staff?assignee=me&sort=-due&closed=1&q=mihon".to_owned(),
            format!("/staff/cases/{case}"),
            format!("/staff/cases/{case}/decide"),
            format!("/staff/cases/{case}/forms/plan"),
            format!("/staff/cases/{case}/message"),
            "/staff/services".to_owned(),
            format!("/staff/services/{service}/suspend"),
            "/staff/inquiries".to_owned(),
            base,
            "/staff/faq".to_owned(),
            edit.clone(),
            format!("{edit}/history"),
            "/staff/templates".to_owned(),
            format!("/staff/templates/tpl_{id}"),
            format!("/staff/templates/tpl_{id}/history"),
            "/staff/figures".to_owned(),
            "/staff/record".to_owned(),
            "/staff/people".to_owned(),
            format!("/staff/people/{}", me.id),
        ];
        let (mut auditor, _) = w.staff("auditor", "auditor").await;
        let mut stranger = crate::browser::Browser::new(&w.router);
        for path in &paths {
            for lang in ["ja", "en"] {
                let sign = if path.contains('?') { '&' } else { '?' };
                let page = b.get(&format!("{path}{sign}lang={lang}")).await;
                assert_eq!(page.status, 200, "{path}: {}", page.html);
                assert!(page.html.contains(&format!("<html lang=\"{lang}\"")), "{path}");
            }
            // To a member these addresses lead to a sign-in that is not theirs; to a stranger as well.
            stranger.get(path).await.expect(200, "sign-in");
            assert!(member.get(path).await.at.starts_with("/staff/sign-in"), "{path}");
            let page = auditor.get(path).await;
            assert!(matches!(page.status.as_u16(), 200 | 403), "{path}");
            for act in
                ["take", "review", "approve", "return", "comment", "answer", "save", "invite", "change", "suspend"]
            {
                assert!(!page.html.contains(&format!("data-act=\"{act}\"")), "an auditor can {act} at {path}");
            }
        }
        let all: BTreeSet<String> =
            office::TEMPLATES.iter().map(|(n, _)| n.trim_end_matches(".html").to_owned()).collect();
        let unseen: Vec<_> = all.difference(&b.seen()).filter(|n| *n != "staff-parts").cloned().collect();
        assert!(unseen.is_empty(), "{unseen:?}");
        // Figures and record as files.
        let csv = b.get("/staff/figures.csv?lang=ja").await;
        assert!(csv.html.contains("段階ごとの進行中の手続") && csv.html.contains("A-3"), "{}", csv.html);
        assert!(csv.headers["content-disposition"].to_str().unwrap().contains("figures.csv"));
        let csv = b.get("/staff/record.csv").await;
        assert!(csv.html.contains("case_taken") && csv.html.contains("inquiry_answered"), "{}", csv.html);
    }
}

/// No form of the staff's side works without the role, whoever sends it with whatever token.
#[tokio::test(flavor = "multi_thread")]
async fn who_only_audits_or_only_administers_changes_nothing() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (_, by, org) = w.org("mihon").await;
        let case = w.open(&by, &org).await;
        w.applicant_acts(&case, &by, "").await;
        let (mut worker, _) = w.staff("worker", "reception reviewer").await;
        let (mut auditor, _) = w.staff("auditor", "auditor").await;
        let (mut admin, _) = w.staff("admin", "administrator").await;
        admin.get("/staff").await.expect(200, "staff-people");
        let before = w.case(&case).await;
        let page = worker.get(&format!("/staff/cases/{case}")).await;
        let form = page.has_form("/act", "confirm").unwrap();
        for who in [&mut auditor, &mut admin] {
            // A token of their own, from a page of theirs, for the worker's address.
            let status = who.send(form.clone(), &[("text", "x")]).await.status;
            assert!(status.is_client_error(), "{status}");
        }
        let seq = form.1.iter().find(|(n, _)| n == "seq").unwrap().1.clone();
        assert_eq!(seq, "3");
        assert_eq!(w.case(&case).await, before);
        // Someone who is only approver can't review, only reviewer can't approve.
        let (mut approver, _) = w.staff("approver", "approver").await;
        let page = approver.get(&format!("/staff/cases/{case}")).await;
        assert!(page.has_form("/act", "confirm").is_none());
    }
}

//! Every page in both languages, through the router (the browser holds every page that any test gets against the net of
//! `web::testing`); no text that nothing uses.

use std::collections::BTreeSet;

use procedures::Kind;
use store::testing::engines;
use web::testing::keys_used;

use super::browser::Browser;
use super::world::World;
use crate::files::FileProblem;
use crate::{TEMPLATES, TEXTS};

/// Opens a page in both languages.
async fn both(b: &mut Browser, path: &str, page: &str, seen: &mut BTreeSet<String>) {
    let join = if path.contains('?') { '&' } else { '?' };
    for (lang, mark) in [("en", "<html lang=\"en\""), ("ja", "<html lang=\"ja\"")] {
        let got = b.get(&format!("{path}{join}lang={lang}")).await.expect(200, page);
        assert!(got.has(mark), "{path}");
    }
    seen.insert(page.to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_both_languages() {
    let w = World::new(engines()[0]).await;
    w.desk.seed_faq().await.unwrap();
    let mut seen = BTreeSet::new();
    let seen = &mut seen;
    let mut nobody = Browser::new(&w.router);
    both(&mut nobody, "/", "welcome", seen).await;
    both(&mut nobody, "/faq", "faq", seen).await;
    both(&mut nobody, "/help/keys", "help-keys", seen).await;
    let (mut b, me) = w.person("hanako").await;
    both(&mut b, "/", "home", seen).await;
    both(&mut b, "/orgs/new", "org-edit", seen).await;
    let org = w.org(&mut b, "見本商事").await;
    let o = format!("/orgs/{org}");
    both(&mut b, &o, "org", seen).await;
    both(&mut b, &format!("{o}/members"), "members", seen).await;
    both(&mut b, &format!("{o}/members/{}", me.id), "member", seen).await;
    both(&mut b, &format!("{o}/start"), "start", seen).await;
    both(&mut b, "/inquiries", "inquiries", seen).await;
    let case = w.begin(&mut b, &org).await;
    let c = format!("/cases/{case}");
    both(&mut b, &c, "case", seen).await;
    both(&mut b, &format!("/inquiries/new?case={case}"), "inquiry-new", seen).await;
    let page = b.get(&format!("/inquiries/new?case={case}")).await;
    let typed = [("topic", "test"), ("subject", "試験"), ("body", "いつですか")];
    let page = b.upload(&page, "/inquiries", &typed, &[("files", "a.txt", b"x")]).await;
    let inquiry = page.to().to_owned();
    both(&mut b, &inquiry, "inquiry", seen).await;
    both(&mut b, "/inquiries", "inquiries", seen).await;
    w.acts(&mut b, &case, "confirm", "読みました").await;
    // Every form of the catalogue, whatever step it belongs to, is at least looked at by `sound` and `life`; here those
    // of the first, empty, filled in, with what is wrong, and back from a spreadsheet.
    both(&mut b, &format!("{c}/forms/plan"), "form", seen).await;
    both(&mut b, &format!("{c}/check"), "check", seen).await;
    for form in ["plan", "check-eligibility", "check-security"] {
        w.fill_in(&mut b, &case, form).await;
        both(&mut b, &format!("{c}/forms/{form}?done=saved"), "form", seen).await;
    }
    let sheet = b.get(&format!("{c}/forms/plan/sheet")).await.bytes;
    let page = b.get(&format!("{c}/forms/plan")).await;
    b.upload(&page, &format!("{c}/forms/plan/sheet"), &[], &[("sheet", "plan.xlsx", &sheet)]).await;
    both(&mut b, &format!("{c}/forms/plan/upload"), "upload", seen).await;
    both(&mut b, &format!("{c}/check"), "check", seen).await;
    let page = b.get(&format!("{c}/check")).await;
    b.press(&page, &format!("{c}/submit"), &[]).await;
    both(&mut b, &format!("{c}/submitted?no=1"), "submitted", seen).await;
    both(&mut b, &format!("{c}/forms/plan/versions/1"), "form-read", seen).await;
    both(&mut b, "/", "home", seen).await;
    w.staff_acts(&case).await;
    both(&mut b, &c, "case", seen).await;
    both(&mut b, &format!("{o}/documents"), "documents", seen).await;
    let pages = TEMPLATES
        .iter()
        .filter(|(name, source)| source.contains("{% extends \"layout.html\" %}") && !name.starts_with("staff-"));
    assert_eq!(seen.len(), pages.count(), "a template that no page of this test shows: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_is_there_and_used() {
    let w = World::new(engines()[0]).await;
    let site = w.desk.site();
    let ja: String = accounts::TEXTS
        .iter()
        .chain(TEXTS)
        .filter(|(lang, _)| *lang == base::Lang::Ja)
        .map(|(_, text)| *text)
        .collect();
    let in_rust = [
        "org-kind-*",
        "org-too-long",
        "org-kind-missing",
        "org-name-missing",
        "org-address-missing",
        "org-phone-missing",
        "org-corporate_number-*",
        "role-*",
        "people-*",
        "invite-*",
        "hand-over-*",
        "file-*",
        "files-too-many",
        "mail-*",
        "topic-*",
        "inquiry-*",
        "outcome-*",
        "private-key",
        "start-name-missing",
        "sheet-missing",
        "nav-*",
        // The sign-in kit's own, which its tests look at.
        "acc-*",
    ];
    keys_used(site, &ja, &in_rust).unwrap_or_else(|e| panic!("{e}"));
    for problem in FileProblem::ALL {
        assert!(site.text(base::Lang::En, problem.key(), &[("name", "x")]).is_ok(), "{problem:?}");
    }
    for topic in crate::inquiry::TOPICS {
        assert!(site.text(base::Lang::Ja, &format!("topic-{topic}"), &[]).is_ok());
    }
    for topic in crate::faq::TOPICS {
        assert!(site.text(base::Lang::Ja, &format!("faq-topic-{topic}"), &[]).is_ok());
    }
    // Everything that can happen to a case has a name in its history.
    for event in [
        "open",
        "confirm",
        "contact",
        "open_form",
        "submit",
        "review",
        "return",
        "send_back",
        "approve",
        "accept",
        "applied",
        "apply_failed",
        "retry",
        "time_reached",
        "comment",
        "resolve",
        "note",
        "reopen",
        "withdraw",
    ] {
        assert!(site.text(base::Lang::En, &format!("event-{event}"), &[]).is_ok(), "{event}");
    }
    // Each kind of field is in some form, so that the walk above and `a_service_lives` show all of them.
    let kinds: BTreeSet<String> =
        w.desk.catalogue().forms.iter().flat_map(|f| f.fields().map(|f| format!("{:?}", f.kind))).collect();
    for kind in [Kind::Date, Kind::Jwks, Kind::Testers, Kind::Logo, Kind::File, Kind::Apis, Kind::RedirectUris] {
        assert!(kinds.contains(&format!("{kind:?}")), "{kind:?}");
    }
}

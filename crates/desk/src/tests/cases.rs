//! Cases through the pages: from the start to the receipt number, changes, suspension; who may not, and what is stale.

use procedures::case::{Outcome, Position};
use store::testing::engines;

use super::world::{World, plain};
use crate::org::Role;
use crate::store::{decisions, services};

#[tokio::test(flavor = "multi_thread")]
async fn from_the_start_to_the_receipt_number() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut b, me) = w.person("hanako").await;
        let org = w.org(&mut b, "見本商事").await;
        let start = format!("/orgs/{org}/start");
        let page = b.get(&start).await.expect(200, "start");
        let nameless = [("procedure", "admission"), ("service", ""), ("name", " ")];
        b.press(&page, &start, &nameless).await.expect(422, "start");
        let case = w.begin(&mut b, &org).await;
        let url = format!("/cases/{case}");
        let page = b.get(&url).await.expect(200, "case");
        // Every step stands there, with who must act.
        for step in 1..=19 {
            assert!(page.has(&format!("<strong>A-{step} ")), "A-{step}");
        }
        assert!(b.get("/").await.has("みほん年末調整"));
        w.acts(&mut b, &case, "confirm", "検討しました").await;
        // Nothing can be submitted before it is filled in.
        let check = format!("{url}/check");
        let page = b.get(&check).await.expect(200, "check");
        assert!(page.has("直すところが"));
        b.press(&page, &format!("{url}/submit"), &[]).await.expect(422, "check");
        assert_eq!(w.fills_in_and_submits(&mut b, &case).await, "1");
        let receipt = w.case(&case).await.receipt;
        let page = b.get(&format!("{url}/submitted?no=1")).await.expect(200, "submitted");
        assert!(page.has(&format!("{receipt}-1")));
        let mails = w.mails().await;
        assert!(mails.iter().any(|m| m.0 == me.email.as_str() && m.1.contains(&format!("{receipt}-1"))));
        // What was submitted can be read, and kept as PDF and spreadsheet.
        let version = format!("{url}/forms/plan/versions/1");
        let page = b.get(&version).await.expect(200, "form-read");
        assert!(page.has(&receipt));
        let pdf = b.get(&format!("{version}/pdf")).await;
        assert!(pdf.bytes.starts_with(b"%PDF-") && pdf.headers["content-type"] == "application/pdf");
        let xlsx = b.get(&format!("{version}/xlsx")).await;
        assert!(
            xlsx.bytes.starts_with(b"PK") && xlsx.headers["content-disposition"].to_str().unwrap().contains(&receipt)
        );
        // The forms are closed now, and the step is the desk's.
        b.get(&format!("{url}/forms/plan")).await.expect(404, "not-found");
        assert!(b.get(&url).await.has("運営が対応") || b.get("/").await.has("運営が対応中"));
        let id = case.clone();
        let lines = w.desk.db().read(move |tx| decisions::of(tx, &id)).await.unwrap();
        let what: Vec<_> = lines.iter().map(|l| l.what.as_str()).collect();
        assert_eq!(what, ["open", "confirm", "submit"]);
        assert!(lines.iter().all(|l| l.actor == me.id && l.actor_kind == "member"));
        assert_eq!(lines[1].why.as_deref(), Some("検討しました"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_press_submits_once() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut b, _) = w.person("hanako").await;
        let org = w.org(&mut b, "見本商事").await;
        let case = w.begin(&mut b, &org).await;
        w.acts(&mut b, &case, "confirm", "").await;
        for form in ["plan", "check-eligibility", "check-security"] {
            w.fill_in(&mut b, &case, form).await;
        }
        let submit = format!("/cases/{case}/submit");
        let page = b.get(&format!("/cases/{case}/check")).await.expect(200, "check");
        let (mut one, mut two) = (b.clone(), b.clone());
        let (x, y) = tokio::join!(one.press(&page, &submit, &[]), two.press(&page, &submit, &[]));
        for page in [x, y] {
            assert_eq!(page.to(), format!("/cases/{case}/submitted?no=1"));
        }
        assert_eq!(w.case(&case).await.submissions.len(), 1);
        assert_eq!(w.mails().await.iter().filter(|m| m.1.contains("書類を受け付けました")).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_looked_at_is_not_submitted() {
    let w = World::new(engines()[0]).await;
    let (mut b, _) = w.person("hanako").await;
    let (mut colleague, them) = w.person("taro").await;
    let org = w.org(&mut b, "見本商事").await;
    w.join(&org, &them, Role::Editor).await;
    let case = w.begin(&mut b, &org).await;
    w.acts(&mut b, &case, "confirm", "").await;
    for form in ["plan", "check-eligibility", "check-security"] {
        w.fill_in(&mut b, &case, form).await;
    }
    let page = b.get(&format!("/cases/{case}/check")).await.expect(200, "check");
    w.fill_in(&mut colleague, &case, "plan").await;
    let file = w.draft(&case, "plan").await.unwrap();
    let changed = super::forms::first_text(&w, "plan");
    let action = format!("/cases/{case}/forms/plan");
    let form = colleague.get(&action).await;
    let mut fields = super::world::sound(&w.desk, "plan");
    for (name, value) in &mut fields {
        if *name == changed {
            "別の内容".clone_into(value);
        }
    }
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    assert_eq!(colleague.upload(&form, &action, &pairs, &[]).await.status, 303);
    assert_ne!(w.draft(&case, "plan").await.unwrap(), file);
    let page = b.press(&page, &format!("/cases/{case}/submit"), &[]).await;
    assert_eq!(page.to(), format!("/cases/{case}/check?changed=1"));
    assert!(b.get(&format!("/cases/{case}/check?changed=1")).await.expect(200, "check").has("別の内容"));
    assert!(w.case(&case).await.submissions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_only_looks() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut b, _) = w.person("hanako").await;
        let (mut viewer, them) = w.person("viewer").await;
        let org = w.org(&mut b, "見本商事").await;
        w.join(&org, &them, Role::Viewer).await;
        let case = w.begin(&mut b, &org).await;
        let url = format!("/cases/{case}");
        let page = viewer.get(&url).await.expect(200, "case");
        assert!(page.has("閲覧") && !page.has(&format!("{url}/act")));
        w.acts(&mut b, &case, "confirm", "").await;
        for form in ["plan", "check-eligibility", "check-security"] {
            w.fill_in(&mut b, &case, form).await;
        }
        viewer.get(&format!("{url}/check")).await.expect(403, "forbidden");
        viewer.get(&format!("{url}/forms/plan")).await.expect(403, "forbidden");
        // Even with the form of a page that somebody else got: the token is another browser's, and the role says no first.
        let page = b.get(&format!("{url}/check")).await;
        viewer.press(&page, &format!("{url}/submit"), &[]).await.expect(403, "stale-form");
        assert!(w.case(&case).await.submissions.is_empty());
        // The state machine says no as well, whatever a page would let through.
        let by = procedures::case::By::member(&them.id, &org, procedures::case::Member::Viewer);
        let withdraw = procedures::case::Event::Withdraw { reason: plain("x") };
        assert!(w.desk.act(&case, withdraw, by).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_disclosed_on_approval_and_to_nobody_else() {
    let w = World::new(engines()[0]).await;
    let (mut b, _) = w.person("hanako").await;
    let org = w.org(&mut b, "見本商事").await;
    let case = w.begin(&mut b, &org).await;
    w.acts(&mut b, &case, "confirm", "").await;
    w.fills_in_and_submits(&mut b, &case).await;
    let documents = format!("/orgs/{org}/documents");
    b.get(&documents).await.expect(404, "not-found");
    w.staff_acts(&case).await;
    let page = b.get(&documents).await.expect(200, "documents");
    assert!(page.has("仕様書"));
    let file = b.get(&format!("{documents}/manifest.toml")).await;
    assert!(file.has("enishi-desk") && file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    b.get(&format!("{documents}/..%2F..%2FCargo.lock")).await.expect(404, "not-found");
    let (mut other, _) = w.person("other").await;
    let theirs = w.org(&mut other, "別の会社").await;
    other.get(&format!("/orgs/{theirs}/documents")).await.expect(404, "not-found");
    assert!(w.mails().await.iter().any(|m| m.1.contains("対応をお願いします")));
}

/// The applicant's whole life: admission, a change of what is live, a suspension on the planned day.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_lives() {
    let w = World::new(engines()[0]).await;
    let (mut b, _) = w.person("hanako").await;
    let org = w.org(&mut b, "見本商事").await;
    let case = w.begin(&mut b, &org).await;
    walk(&w, &mut b, &case).await;
    assert_eq!(w.case(&case).await.outcome(), Some(Outcome::Completed));
    let id = org.clone();
    let service = w.desk.db().read(move |tx| services::of_org(tx, &id)).await.unwrap().remove(0);
    assert_eq!(service.status, "active");

    // A change begins with what is live, and marks what differs.
    let start = format!("/orgs/{org}/start");
    let page = b.get(&start).await.expect(200, "start");
    let change = [("procedure", "change"), ("service", service.id.as_str())];
    let page = b.press(&page, &start, &change).await;
    let id = page.to().rsplit('/').next().unwrap().to_owned();
    // The same again: there is one already.
    let page = b.get(&start).await;
    assert!(page.has("進行中"));
    let action = format!("/cases/{id}/forms/plan");
    let page = b.get(&action).await.expect(200, "form");
    let field = super::forms::first_text(&w, "plan");
    let live = w.case(&case).await.form("plan").unwrap().text(&field).to_owned();
    assert!(page.has(&live), "{live}");
    let mut fields = super::world::sound(&w.desk, "plan");
    fields.iter_mut().filter(|(n, _)| *n == field).for_each(|(_, v)| "変更した内容".clone_into(v));
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    assert_eq!(b.upload(&page, &action, &pairs, &[]).await.status, 303);
    let page = b.get(&format!("/cases/{id}/check")).await.expect(200, "check");
    assert!(page.has("変更あり") && page.has("変更した内容") && page.has(&live));

    // A suspension: contact first, the desk opens the form, effective on the planned day by itself.
    let page = b.get(&start).await;
    let page = b.press(&page, &start, &[("procedure", "suspension"), ("service", service.id.as_str())]).await;
    let stop = page.to().rsplit('/').next().unwrap().to_owned();
    let page = w.acts(&mut b, &stop, "contact", "").await;
    assert_eq!(page.status, 422, "a contact without words");
    w.acts(&mut b, &stop, "contact", "来月、停止したい").await;
    b.get(&format!("/cases/{stop}/forms/form-8-suspension")).await.expect(404, "not-found");
    walk(&w, &mut b, &stop).await;
    assert_eq!(w.case(&stop).await.outcome(), Some(Outcome::Completed));
    let id = service.id.clone();
    let service = w.desk.db().read(move |tx| services::get(tx, &id)).await.unwrap().unwrap();
    assert_eq!(service.status, "suspended");
}

/// Everybody does what they have to until the case is over.
async fn walk(w: &World, b: &mut super::browser::Browser, case: &str) {
    for _ in 0..30 {
        w.staff_acts(case).await;
        let state = w.case(case).await;
        if matches!(state.position, Position::Closed { .. }) {
            return;
        }
        let offered = w.desk.db().read(crate::store::deliveries::choices).await.unwrap();
        let ctx = w.desk.context(&offered, w.desk.now());
        let todo = state.todo(&ctx).unwrap().remove(0);
        if todo.forms.is_empty() {
            let word = crate::case::page::act_word(todo.act);
            let page = w.acts(b, case, word, "実施しました").await;
            assert_eq!(page.status, 303, "{}: {}", todo.step, page.html);
        } else {
            w.fills_in_and_submits(b, case).await;
        }
    }
    panic!("the case never ends");
}

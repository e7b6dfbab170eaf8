//! Who is among the staff: nobody raises themselves, an administrator remains, an auditor is nothing else.

use base::Lang;
use desk::kit::staff;
use desk::staff::StaffRole;
use mail::Email;
use store::testing::engines;

use crate::browser::Browser;
use crate::world::{ORIGIN, PASSWORD, World};

async fn roles(w: &World, id: &str) -> Option<String> {
    let id = id.to_owned();
    w.desk.db().read(move |tx| staff::get(tx, &id)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_one_comes_by_a_link_from_the_command_line() {
    for engine in engines() {
        let w = World::new(engine).await;
        let email = Email::parse("first@example.jp").unwrap();
        let both = [StaffRole::Auditor, StaffRole::Administrator];
        assert!(office::add_staff(&w.desk, &email, &both, Lang::Ja).await.is_err());
        assert!(office::add_staff(&w.desk, &email, &[], Lang::Ja).await.is_err());
        let link = office::add_staff(&w.desk, &email, &[StaffRole::Administrator], Lang::Ja).await.unwrap();
        let mut b = Browser::new(&w.router);
        let page = b.get(link.trim_start_matches(ORIGIN)).await;
        let form = page.form("", "accept-invitation");
        let page = b.send(form, &[("name", "最初 花子"), ("password", PASSWORD)]).await;
        // No business before a second factor.
        assert_eq!(page.id(), "factors", "{}", page.html);
        assert_eq!(b.get("/staff/people").await.id(), "factors");
        let account = w.desk.accounts().find_by_email(accounts::Realm::Staff, &email).await.unwrap().unwrap();
        assert_eq!(roles(&w, &account.id).await.as_deref(), Some("administrator"));
        assert!(office::add_staff(&w.desk, &email, &[StaffRole::Approver], Lang::Ja).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_by_others_and_an_administrator_remains() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut admin, me) = w.staff("admin", "administrator").await;
        let (mut reviewer, them) = w.staff("reviewer", "reviewer").await;
        // The wrong parties.
        assert_eq!(reviewer.get("/staff/people").await.status, 403);
        let page = admin.get(&format!("/staff/people/{}", them.id)).await;
        let form = page.form(&format!("/people/{}", them.id), "change");
        assert!(reviewer.send(form.clone(), &[("roles", "approver"), ("reason", "x")]).await.status.is_client_error());
        assert_eq!(roles(&w, &them.id).await.as_deref(), Some("reviewer"));
        // Their own: no form, and by hand neither.
        let own = admin.get(&format!("/staff/people/{}", me.id)).await;
        own.says("自分では変更できません");
        assert!(own.has_form("", "change").is_none());
        // An invitation to oneself is none, and an auditor is alone.
        let people = admin.get("/staff/people").await;
        let to_self = [("email", "admin@example.jp"), ("roles", "approver"), ("lang", "ja")];
        admin.press(&people, "/people", "invite", &to_self).await.expect(422, "staff-people").says("その人のページ");
        let two = [("email", "new@example.jp"), ("roles", "auditor"), ("roles", "approver"), ("lang", "ja")];
        admin.press(&people, "/people", "invite", &two).await.expect(422, "staff-people").says("兼ねられません");
        let page = admin.send(form.clone(), &[("roles", "auditor"), ("roles", "reviewer"), ("reason", "x")]).await;
        page.expect(422, "staff-person").says("兼ねられません");
        admin.send(form.clone(), &[("roles", "approver"), ("reason", "")]).await.expect(422, "staff-person");
        // Given by another, with a reason: at once, without a new sign-in.
        let page =
            admin.send(form.clone(), &[("roles", "reviewer"), ("roles", "administrator"), ("reason", "交代")]).await;
        page.expect(200, "staff-person").says("役割を変更しました");
        reviewer.get("/staff/people").await.expect(200, "staff-people");
        // The other administrator hears of it.
        let page = admin.get("/staff/people").await;
        let new = [("email", "new@example.jp"), ("roles", "approver"), ("lang", "ja")];
        admin.press(&page, "/people", "invite", &new).await.expect(200, "staff-people").says("new@example.jp");
        assert!(w.mails_to("reviewer@example.jp").await.iter().any(|(s, _)| s.contains("職員の役割")));
        assert_eq!(w.mails_to("new@example.jp").await.len(), 1);
        let page = admin.get("/staff/people").await;
        admin.press(&page, "/withdraw", "withdraw", &[]).await.expect(200, "staff-people").lacks("new@example.jp");
        // Both take the other's roles in the same moment: one administrator remains.
        let mine =
            reviewer.get(&format!("/staff/people/{}", me.id)).await.form(&format!("/people/{}", me.id), "change");
        let theirs = form.clone();
        let (mut x, mut y) = (admin.clone(), reviewer.clone());
        let a = tokio::spawn(async move { x.send(theirs, &[("reason", "退職")]).await.status });
        let b = tokio::spawn(async move { y.send(mine, &[("reason", "退職")]).await.status });
        let (_, _) = (a.await.unwrap(), b.await.unwrap());
        let left: Vec<_> = w.desk.db().read(staff::all).await.unwrap();
        assert_eq!(left.iter().filter(|(_, r)| r.contains("administrator")).count(), 1, "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_out_is_out_at_once() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut admin, _) = w.staff("admin", "administrator").await;
        let (mut other, them) = w.staff("other", "approver").await;
        other.get("/staff").await.expect(200, "staff-queue");
        let page = admin.get(&format!("/staff/people/{}", them.id)).await;
        let page = admin.press(&page, &format!("/people/{}", them.id), "change", &[("reason", "異動")]).await;
        page.expect(200, "staff-person").says("利用停止");
        other.get("/staff").await.expect(200, "sign-in");
        // A stale proof lets nobody in.
        w.minutes(16);
        let page = admin.get(&format!("/staff/people/{}", them.id)).await;
        let fields = [("roles", "approver"), ("reason", "復帰")];
        admin.press(&page, &format!("/people/{}", them.id), "change", &fields).await.expect(200, "again");
        assert_eq!(roles(&w, &them.id).await, None);
    }
}

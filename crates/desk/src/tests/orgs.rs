//! Organisations: registration, invitations, roles, handing over, and the wrong party at every address.

use http::Method;
use store::testing::engines;
use web::Who;

use super::browser::Browser;
use super::world::World;
use crate::ROUTES;
use crate::org::Role;

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_registered_with_a_number_that_can_be_right() {
    let w = World::new(engines()[0]).await;
    let (mut b, _) = w.person("hanako").await;
    let page = b.get("/").await.expect(200, "home");
    assert!(page.has("/orgs/new"));
    let page = b.get("/orgs/new").await.expect(200, "org-edit");
    let typed = [("kind", "private"), ("name", "見本商事"), ("corporate_number", "7000012050003"), ("phone", "03")];
    let page = b.press(&page, "/orgs/new", &typed).await.expect(422, "org-edit");
    assert!(page.has("検査用数字") && page.has("所在地を入力") && page.has("見本商事") && page.has("7000012050003"));
    let org = w.org(&mut b, "見本商事株式会社").await;
    let page = b.get(&format!("/orgs/{org}")).await.expect(200, "org");
    assert!(page.has("見本商事株式会社") && page.has("7000012050002") && page.has("民間事業者"));
    // Two owners with the page open: the second is told, and nothing of theirs is lost.
    let action = format!("/orgs/{org}/edit");
    let (first, second) = (b.get(&action).await, b.get(&action).await);
    let with = |name| {
        [("kind", "private"), ("name", name), ("corporate_number", "7000012050002"), ("address", "x"), ("phone", "1")]
    };
    assert_eq!(b.press(&first, &action, &with("一番")).await.status, 303);
    let page = b.press(&second, &action, &with("二番")).await.expect(409, "org-edit");
    assert!(page.has("二番") && page.has("先に変更"));
    assert_eq!(b.press(&page, &action, &with("二番")).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_by_invitation_and_go_at_once() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut owner, me) = w.person("owner").await;
        let (mut guest, them) = w.person("guest").await;
        let org = w.org(&mut owner, "見本商事").await;
        let members = format!("/orgs/{org}/members");
        // Not a member yet: nothing is there.
        guest.get(&members).await.expect(404, "not-found");
        let page = owner.get(&members).await.expect(200, "members");
        let invite = format!("/orgs/{org}/invitations");
        let page =
            owner.press(&page, &invite, &[("email", "nonsense"), ("role", "editor")]).await.expect(422, "members");
        let page = owner.press(&page, &invite, &[("email", "guest@example.jp"), ("role", "viewer")]).await;
        owner.follow(page).await.expect(200, "members");
        let mails = w.mails().await;
        let mail = mails.iter().find(|m| m.0 == "guest@example.jp").unwrap();
        let link = mail.2.split_whitespace().find(|t| t.contains("/invitation/")).unwrap();
        let path = link.strip_prefix("http://localhost:7104").unwrap().to_owned();
        // Somebody else's account can't take it up.
        let (mut thief, _) = w.person("thief").await;
        let page = thief.get(&path).await;
        if page.has(&format!("action=\"{path}\"")) {
            thief.press(&page, &path, &[]).await;
        }
        thief.get(&members).await.expect(404, "not-found");
        let page = guest.get(&path).await;
        let page = guest.press(&page, &path, &[]).await;
        assert_eq!(page.status, 303, "{}", page.html);
        guest.get(&members).await.expect(200, "members");
        // A viewer looks and changes nothing.
        guest.get(&format!("/orgs/{org}/start")).await.expect(403, "forbidden");
        guest.get(&format!("/orgs/{org}/edit")).await.expect(403, "forbidden");
        let role = format!("/orgs/{org}/members/{}/role", them.id);
        let own = guest.get(&format!("/orgs/{org}/members/{}", them.id)).await.expect(200, "member");
        let token = own.hidden(&format!("/orgs/{org}/members/{}/remove", them.id))[0].1.clone();
        let page = guest.post(&role, &[("csrf".to_owned(), token), ("role".to_owned(), "owner".to_owned())]).await;
        assert_eq!(page.status, 403);
        // The only owner can neither leave nor step down.
        let mine = format!("/orgs/{org}/members/{}", me.id);
        let page = owner.get(&mine).await.expect(200, "member");
        let page = owner.press(&page, &format!("{mine}/remove"), &[]).await.expect(422, "member");
        assert!(page.has("組織には所有者が必要です"));
        owner.press(&page, &format!("{mine}/role"), &[("role", "editor")]).await.expect(422, "member");
        // Handing over, and leaving with it.
        let page = owner.get(&mine).await;
        let hand_over = format!("/orgs/{org}/hand-over");
        owner.press(&page, &hand_over, &[("to", &them.id), ("then", "")]).await.expect(422, "member");
        let page = owner.press(&page, &hand_over, &[("to", &them.id), ("then", "leave")]).await;
        assert_eq!(page.to(), "/");
        owner.get(&members).await.expect(404, "not-found");
        assert!(guest.get(&members).await.has("所有者"));
        assert!(w.mails().await.iter().any(|m| m.0 == "guest@example.jp" && m.1.contains("所有者になりました")));
        // Who is taken out has no access with the next request.
        w.join(&org, &me, Role::Editor).await;
        owner.get(&members).await.expect(200, "members");
        let page = guest.get(&mine).await;
        assert_eq!(guest.press(&page, &format!("{mine}/remove"), &[]).await.status, 303);
        owner.get(&members).await.expect(404, "not-found");
    }
}

/// Two owners who both leave: one of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn two_owners_can_not_leave_in_the_same_moment() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut a, one) = w.person("one").await;
        let (_, two) = w.person("two").await;
        let org = w.org(&mut a, "見本").await;
        w.join(&org, &two, Role::Owner).await;
        let leave = |id: String| {
            let (desk, org) = (w.desk.clone(), crate::org::OrgId::parse(&org).unwrap());
            async move {
                let now = desk.now();
                let writer = desk.clone();
                desk.db().write(move |tx| writer.remove_member(tx, &org, &id, &id, now)).await.is_ok()
            }
        };
        let (x, y) = tokio::join!(leave(one.id), leave(two.id));
        assert!(x != y, "both left or both stayed");
    }
}

fn filled(path: &str, org: &str, case: &str) -> String {
    path.replace("{org}", org)
        .replace("{case}", case)
        .replace("{form}", "plan")
        .replace("{no}", "1")
        .replace("{account}", "acc_x")
        .replace(['{', '}'], "")
}

/// Every address of an organisation or a case: for a stranger there is nothing, and who is not signed in goes to sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn one_organisation_reaches_nothing_of_another() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut owner, _) = w.person("owner").await;
        let org = w.org(&mut owner, "見本商事").await;
        let case = w.begin(&mut owner, &org).await;
        w.acts(&mut owner, &case, "confirm", "").await;
        w.fills_in_and_submits(&mut owner, &case).await;
        let (mut other, _) = w.person("other").await;
        w.org(&mut other, "別の会社").await;
        let mut nobody = Browser::new(&w.router);
        let mut seen = 0;
        for row in ROUTES.iter().filter(|r| r.path.contains("{org}") || r.path.contains("{case}")) {
            let path = filled(row.path, &org, &case);
            let (theirs, unknown) = match row.method {
                Method::GET => (other.get(&path).await, nobody.get(&path).await),
                _ => (other.post(&path, &[]).await, nobody.post(&path, &[]).await),
            };
            assert_eq!(theirs.status, 404, "{path}");
            assert!(!theirs.has("見本商事"), "{path}");
            assert!(unknown.to().starts_with("/sign-in"), "{path}");
            seen += 1;
        }
        assert!(seen >= 30, "{seen}");
        // What a stranger may never open: the staff's side.
        for row in ROUTES.iter().filter(|r| r.who == Who::Staff && r.method == Method::GET) {
            assert!(other.get(row.path).await.to().starts_with("/staff/sign-in"), "{}", row.path);
        }
    }
}

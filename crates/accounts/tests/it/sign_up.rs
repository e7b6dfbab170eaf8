//! Registration, invitations, sign-in by password.

use accounts::Realm;

use crate::world::{PASSWORD, World, worlds};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_registers_confirms_and_comes_to_where_they_wanted_to_go() {
    for world in worlds() {
        let mut b = world.browser();
        // Nobody is signed in: the page asked for is kept on the way.
        let page = b.get("/cases/7?tab=2").await;
        page.expect(200, "sign-in");
        assert_eq!(page.at, "/sign-in?next=/cases/7%3Ftab%3D2");
        let page = b.get("/register?next=/cases/7%3Ftab%3D2").await;
        page.expect(200, "register");
        let bad = b.press(&page, "register", &[("email", "hanako")]).await;
        bad.expect(422, "register");
        let sent = b.press(&page, "register", &[("email", "Hanako@Example.JP ")]).await;
        sent.expect(200, "register-sent");
        let link = world.last_link("hanako@example.jp").await;

        // A mail program opens the link, twice; nothing happens by that.
        let mut prefetcher = world.browser();
        for _ in 0..2 {
            let page = prefetcher.get(&link).await;
            page.expect(200, "new-account");
            assert_eq!(page.headers["referrer-policy"], "no-referrer");
        }
        let page = b.get(&link).await;
        for (password, name) in
            [("short", "佐藤 花子"), ("hanako@example.jp", "佐藤 花子"), (PASSWORD, "http://x.example")]
        {
            let again = b.press(&page, "create-account", &[("name", name), ("password", password)]).await;
            again.expect(422, "new-account");
            assert!(password.contains('@') || !again.html.contains(password), "a password came back");
        }
        let done = b.press(&page, "create-account", &[("name", "佐藤 花子"), ("password", PASSWORD)]).await;
        done.expect(200, "factors");
        let later = done.attribute("a[data-act=later]", "href").unwrap();
        b.get(&later).await.says("hanako@example.jp is 佐藤 花子 (Member, Password) at /cases/7");

        // The link works once, also for whoever copied it.
        b.get(&link).await.expect(410, "link-gone");
        let late = prefetcher.press(&page, "create-account", &[("name", "悪人"), ("password", PASSWORD)]).await;
        assert_eq!(late.status, 403, "a form of another browser");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_with_one_link_make_one_account_and_a_newer_link_replaces_the_older() {
    for world in worlds() {
        let (mut a, mut b) = (world.browser(), world.browser());
        let page = a.get("/register").await;
        a.press(&page, "register", &[("email", "hanako@example.jp")]).await;
        let first = world.last_link("hanako@example.jp").await;
        a.press(&page, "register", &[("email", "hanako@example.jp")]).await;
        let link = world.last_link("hanako@example.jp").await;
        assert_ne!(first, link);
        a.get(&first).await.expect(410, "link-gone");
        let (page_a, page_b) = (a.get(&link).await, b.get(&link).await);
        let fields = [("name", "花子"), ("password", PASSWORD)];
        let (x, y) =
            tokio::join!(a.press(&page_a, "create-account", &fields), b.press(&page_b, "create-account", &fields));
        let mut ids = [x.id(), y.id()];
        ids.sort();
        assert_eq!(ids, ["factors", "link-gone"]);
        assert_eq!(world.accounts.list(Realm::Member).await.unwrap().len(), 1);

        // Links run out.
        a.press(&page, "register", &[("email", "jiro@example.jp")]).await;
        let link = world.last_link("jiro@example.jp").await;
        world.minutes(24 * 60);
        a.get(&link).await.expect(410, "link-gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_registers_or_signs_in_and_the_role_does_its_part_in_the_same_transaction() {
    for world in worlds() {
        let invite = async |i: accounts::Invitation| {
            let accounts = world.accounts.clone();
            world.db.write(move |tx| accounts.invite(tx, &i)).await.unwrap()
        };
        // A new person.
        invite(World::invitation(Realm::Member, "hanako@example.jp", "org_1 editor")).await;
        let link = world.last_link("hanako@example.jp").await;
        let mut b = world.browser();
        let page = b.get(&link).await;
        page.expect(200, "invitation").says("見本株式会社").says("次郎");
        let weak = b.press(&page, "accept-invitation", &[("name", "花子"), ("password", "short")]).await;
        weak.expect(422, "invitation");
        let done = b.press(&page, "accept-invitation", &[("name", "花子"), ("password", PASSWORD)]).await;
        done.expect(200, "factors");
        assert_eq!(*world.accepted.lock(), [("hanako@example.jp".to_owned(), "org_1 editor".to_owned())]);
        b.get(&link).await.expect(410, "link-gone");
        b.get("/").await.says("hanako@example.jp is 花子");

        // Somebody who has an account signs in and accepts; another account can't.
        world.member("jiro@example.jp").await;
        invite(World::invitation(Realm::Member, "jiro@example.jp", "org_1 owner")).await;
        let link = world.last_link("jiro@example.jp").await;
        let page = b.get(&link).await;
        page.expect(200, "invitation");
        assert!(page.forms("accept-invitation").is_empty() && !page.forms("sign-out").is_empty());
        let mut c = world.browser();
        let page = c.get(&link).await;
        let sign_in = page.attribute("a[data-act=to-sign-in]", "href").unwrap();
        let page = c.sign_in(&sign_in, "jiro@example.jp", PASSWORD).await;
        page.expect(200, "invitation");
        c.press(&page, "accept-invitation", &[]).await.says("jiro@example.jp");
        assert_eq!(world.accepted.lock().len(), 2);

        // What the role refuses leaves no account and the link as it was.
        invite(World::invitation(Realm::Member, "saburo@example.jp", "broken")).await;
        let link = world.last_link("saburo@example.jp").await;
        assert!(
            world.accounts.find_by_email(Realm::Member, &"saburo@example.jp".parse().unwrap()).await.unwrap().is_none()
        );

        // Taken back.
        let i = World::invitation(Realm::Member, "shiro@example.jp", "org_1 viewer");
        let id = invite(i).await;
        let gone = world.last_link("shiro@example.jp").await;
        let accounts = world.accounts.clone();
        assert!(world.db.write(move |tx| accounts.withdraw_invitation(tx, &id)).await.unwrap());
        c.get(&gone).await.expect(410, "link-gone");
        c.get(&link).await.expect(200, "invitation");
        world.minutes(14 * 24 * 60);
        c.get(&link).await.expect(410, "link-gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_works_rotates_the_cookie_and_ends() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        let page = b.sign_in("/sign-in?next=/cases/9", "ＨＡＮＡＫＯ@example.jp", PASSWORD).await;
        page.says("hanako@example.jp is 佐藤 花子 (Member, Password) at /cases/9");
        let old = b.clone();
        // Signed in already: onward.
        b.get("/sign-in").await.says("at /");
        // Signing in once more gives a new cookie and ends the old one.
        let mut again = world.browser();
        again.cookies.clone_from(&b.cookies);
        again.cookies.remove("enishi_desk_session");
        let page = again.get("/sign-in").await;
        again.cookies.clone_from(&b.cookies);
        again.press(&page, "sign-in", &[("email", "hanako@example.jp"), ("password", PASSWORD)]).await.says("at /");
        assert_ne!(again.cookies["enishi_desk_session"], old.cookies["enishi_desk_session"]);
        old.clone().get("/").await.expect(200, "sign-in");
        let account = again.get("/account").await;
        account.expect(200, "account");
        let before = again.clone();
        again.press(&account, "sign-out", &[]).await.expect(200, "sign-in");
        before.clone().get("/").await.expect(200, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_member_of_staff_comes_by_a_link_from_the_command_line() {
    for world in worlds() {
        let i = World::invitation(Realm::Staff, "chief@desk.example", "operator");
        let url = world.accounts.invitation_link(&i).await.unwrap();
        assert!(world.mails().await.is_empty());
        let mut b = world.browser();
        let page = b.get(url.strip_prefix(crate::world::ORIGIN).unwrap()).await;
        let done = b.press(&page, "accept-invitation", &[("name", "主任"), ("password", PASSWORD)]).await;
        // Nothing else works before a second factor is there.
        done.expect(200, "factors").says("二つ目の確認方法を設定してください");
        assert_eq!(done.at, "/staff/account/factors");
        b.get("/staff").await.expect(200, "factors");
        assert_eq!(world.accepted.lock()[0].1, "operator");
        // Staff do not register by themselves.
        assert_eq!(b.get("/staff/register").await.status, 404);
    }
}

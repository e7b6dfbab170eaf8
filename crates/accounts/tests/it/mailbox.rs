//! What goes by e-mail: password reset, change of address; and what strangers learn from it: nothing.

use accounts::Realm;

use crate::second::set_up;
use crate::world::{PASSWORD, World, worlds};

const NEW: &str = "tsukue no ue ni 7 satsu";

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_gives_a_new_password_ends_sessions_and_keeps_the_second_factor() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut a = world.browser();
        a.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let (app, ..) = set_up(&world, &mut a, "").await;
        let mut b = world.browser();
        let page = b.get("/forgot").await;
        b.press(&page, "forgot", &[("email", "hanako@example.jp")]).await.expect(200, "forgot-sent");
        let first = world.last_link("hanako@example.jp").await;
        b.press(&page, "forgot", &[("email", "hanako@example.jp")]).await;
        let link = world.last_link("hanako@example.jp").await;
        b.get(&first).await.expect(410, "link-gone");
        b.get(&link).await;
        let page = b.get(&link).await;
        b.press(&page, "reset", &[("password", "short")]).await.expect(422, "reset");
        let done = b.press(&page, "reset", &[("password", NEW)]).await;
        done.expect(200, "sign-in").says("パスワードを変更しました");
        b.press(&page, "reset", &[("password", "another good password")]).await.expect(410, "link-gone");
        a.get("/").await.expect(200, "sign-in");
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.expect(422, "sign-in");
        let step = b.sign_in("/sign-in", "hanako@example.jp", NEW).await;
        step.expect(200, "second-step");
        world.minutes(1);
        b.press(&step, "second-code", &[("code", &app.code(world.clock.clock().now()))]).await.says("TwoFactors");
        // An hour.
        let mut c = world.browser();
        let page = c.get("/forgot").await;
        c.press(&page, "forgot", &[("email", "hanako@example.jp")]).await;
        let link = world.last_link("hanako@example.jp").await;
        world.minutes(60);
        c.get(&link).await.expect(410, "link-gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_has_an_account() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        for (path, act) in [("/register", "register"), ("/forgot", "forgot"), ("/staff/forgot", "forgot")] {
            let page = b.get(path).await;
            let known = b.press(&page, act, &[("email", "hanako@example.jp")]).await;
            let unknown = b.press(&page, act, &[("email", "nobody@example.jp")]).await;
            assert_eq!((known.status, &known.at), (unknown.status, &unknown.at));
            assert_eq!(known.texts("main"), unknown.texts("main"));
        }
        let mails = world.mails().await;
        let to = |who: &str| mails.iter().filter(|m| m.0 == who).map(|m| m.1.as_str()).collect::<Vec<_>>();
        assert_eq!(
            to("hanako@example.jp"),
            ["【受付窓口】登録済みのメールアドレスです", "【受付窓口】パスワードの再設定"]
        );
        assert_eq!(to("nobody@example.jp"), ["【受付窓口】利用者登録の確認"]);
        let wrong = b.sign_in("/sign-in", "hanako@example.jp", "wrong wrong wrong").await;
        let nobody = b.sign_in("/sign-in", "nobody@example.jp", "wrong wrong wrong").await;
        assert_eq!((wrong.status, wrong.texts(".en-error")), (nobody.status, nobody.texts(".en-error")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_not_flooded() {
    for world in worlds() {
        let mut b = world.browser();
        let page = b.get("/register").await;
        for _ in 0..10 {
            b.press(&page, "register", &[("email", "hanako@example.jp")]).await.expect(200, "register-sent");
        }
        assert_eq!(world.mails().await.len(), 3);
        for n in 0..20 {
            b.press(&page, "register", &[("email", &format!("n{n}@example.jp"))]).await.expect(200, "register-sent");
        }
        b.press(&page, "register", &[("email", "last@example.jp")]).await.expect(429, "register");
        world.minutes(15);
        b.press(&page, "register", &[("email", "last@example.jp")]).await.expect(200, "register-sent");
    }
}

async fn asks_for(world: &World, b: &mut crate::browser::Browser, email: &str) -> (String, Option<String>) {
    let before = world.mails().await.len();
    let page = b.get("/account/email").await;
    b.press(&page, "change-email", &[("email", email)]).await.expect(200, "account");
    let mails = world.mails().await;
    let fresh = &mails[before..];
    let new = fresh.iter().any(|m| m.0 == email && m.2.contains("/email/")).then(|| world.link_in(fresh, email));
    (world.link_in(fresh, "hanako@example.jp"), new)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_when_both_mailboxes_agree() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let (from, to) = ("hanako@example.jp", "suzuki@example.jp");
        let mut b = world.browser();
        b.sign_in("/sign-in", from, PASSWORD).await;
        let page = b.get("/account/email").await;
        b.press(&page, "change-email", &[("email", from)]).await.expect(422, "email");
        let (old, new) = asks_for(&world, &mut b, to).await;
        let new = new.unwrap();
        b.get("/account").await.says("メールアドレスの変更を確認しています");
        let mut owner = world.browser();
        let page = owner.get(&old).await;
        page.expect(200, "email-link");
        assert!(!page.html.contains(to), "the old mailbox sees the whole new address");
        owner.press(&page, "agree-email", &[]).await.expect(200, "email-done").says("もう一方");
        owner.get(&old).await.expect(410, "link-gone");
        b.get("/").await.says(from);
        let page = owner.get(&new).await;
        owner.press(&page, "agree-email", &[]).await.expect(200, "email-done").says("メールアドレスを変更しました");
        b.get("/").await.expect(200, "sign-in");
        b.sign_in("/sign-in", from, PASSWORD).await.expect(422, "sign-in");
        b.sign_in("/sign-in", to, PASSWORD).await.says(to);
        let mails = world.mails().await;
        for who in [from, to] {
            assert!(mails.iter().any(|m| m.0 == who && m.2.contains("メールアドレスが変更されました")), "{who}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_not_told_and_not_taken() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        world.member("jiro@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let (old, new) = asks_for(&world, &mut b, "jiro@example.jp").await;
        assert_eq!(new, None);
        let page = b.get(&old).await;
        b.press(&page, "agree-email", &[]).await.expect(200, "email-done");
        b.get("/").await.says("hanako@example.jp");

        // A second change ends the first; an address registered in between wins.
        let (old, _) = asks_for(&world, &mut b, "x1@example.jp").await;
        let (old2, new2) = asks_for(&world, &mut b, "x2@example.jp").await;
        b.get(&old).await.expect(410, "link-gone");
        world.member("x2@example.jp").await;
        let page = b.get(&old2).await;
        b.press(&page, "agree-email", &[]).await.expect(200, "email-done");
        let page = b.get(&new2.unwrap()).await;
        b.press(&page, "agree-email", &[]).await.expect(410, "link-gone");
        b.get("/").await.says("hanako@example.jp");
        assert_eq!(world.accounts.list(Realm::Member).await.unwrap().len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_environment_shows_its_e_mails_with_links_that_work() {
    for world in worlds() {
        let mut b = world.browser();
        b.get("/outbox").await.expect(200, "outbox");
        let page = b.get("/register").await;
        b.press(&page, "register", &[("email", "hanako@example.jp")]).await;
        let page = b.get("/outbox").await;
        let mail = page.attribute("a[data-act=open-mail]", "href").unwrap();
        let page = b.get(&mail).await;
        page.expect(200, "outbox-mail");
        let link = page.attribute("a[data-act=mail-link]", "href").unwrap();
        b.get(&link).await.expect(200, "new-account");
        assert_eq!(b.get("/outbox/mail_0").await.status, 404);
    }
}

//! Sessions: listed, ended, run out; accounts closed.

use accounts::Realm;

use crate::devices::App;
use crate::second::set_up;
use crate::world::{PASSWORD, worlds};

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_and_ends_ones_own_sessions_and_nobody_elses() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        world.member("jiro@example.jp").await;
        let (mut a, mut b, mut other) = (world.browser(), world.browser(), world.browser());
        a.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        world.minutes(1);
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        other.sign_in("/sign-in", "jiro@example.jp", PASSWORD).await;
        let page = b.get("/account").await;
        page.expect(200, "account").says("Chrome, Linux").says("この端末");
        let (action, mut form) = page.form("end-session");
        // Jiro sends Hanako's session id.
        let theirs = other.get("/account").await;
        let (_, own) = theirs.form("save-profile");
        let stolen = form["session"].clone();
        assert!(!own.contains_key("session"));
        assert!(theirs.forms("end-session").is_empty());
        form.insert("csrf".to_owned(), own["csrf"].clone());
        assert_eq!(other.send((action, form), &[]).await.status, 403);
        let page = b.get("/account").await;
        b.press(&page, "end-session", &[("session", &stolen)]).await.expect(200, "account");
        a.get("/").await.expect(200, "sign-in");
        other.get("/").await.says("jiro@example.jp");
        // All but this one.
        a.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.says("hanako");
        let page = b.get("/account").await;
        b.press(&page, "end-sessions", &[]).await.expect(200, "account");
        a.get("/").await.expect(200, "sign-in");
        b.get("/").await.says("hanako");
        world
            .accounts
            .revoke_sessions(
                &world
                    .accounts
                    .find_by_email(Realm::Member, &"hanako@example.jp".parse().unwrap())
                    .await
                    .unwrap()
                    .unwrap()
                    .id,
            )
            .await
            .unwrap();
        b.get("/").await.expect(200, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_run_out_by_idleness_and_in_the_end() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        world.seeded(Realm::Staff, "staff@desk.example").await;
        let (mut m, mut s) = (world.browser(), world.browser());
        m.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        s.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        let (app, ..): (App, _, _) = set_up(&world, &mut s, "/staff").await;
        world.minutes(29);
        s.get("/staff").await.says("Staff");
        world.minutes(29);
        s.get("/staff").await.says("Staff");
        world.minutes(31);
        s.get("/staff").await.expect(200, "sign-in");
        m.get("/").await.says("Member");
        world.minutes(12 * 60 + 1);
        m.get("/").await.expect(200, "sign-in");
        // However busy: staff half a day, members a week.
        let page = s.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        s.press(&page, "second-code", &[("code", &app.code(world.clock.clock().now()))]).await.says("Staff");
        for _ in 0..23 {
            world.minutes(29);
            s.get("/staff").await.says("Staff");
        }
        world.minutes(29);
        s.get("/staff").await.says("Staff");
        world.minutes(29);
        s.get("/staff").await.expect(200, "sign-in");
        m.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        for _ in 0..15 {
            world.minutes(11 * 60);
            m.get("/").await.says("Member");
        }
        world.minutes(11 * 60);
        m.get("/").await.expect(200, "sign-in");
        assert!(world.accounts.purge().await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_out_and_looks_like_no_account() {
    for world in worlds() {
        let account = world.member("hanako@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let set = async |disabled| {
            let (accounts, id, now) = (world.accounts.clone(), account.id.clone(), world.clock.clock().now());
            world.db.write(move |tx| accounts.set_disabled(tx, &id, disabled, now)).await.unwrap();
        };
        set(true).await;
        b.get("/").await.expect(200, "sign-in");
        let closed = b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let nobody = b.sign_in("/sign-in", "nobody@example.jp", PASSWORD).await;
        closed.expect(422, "sign-in");
        assert_eq!(closed.texts(".en-error"), nobody.texts(".en-error"));
        let page = b.get("/forgot").await;
        b.press(&page, "forgot", &[("email", "hanako@example.jp")]).await.expect(200, "forgot-sent");
        assert!(world.mails().await.is_empty());
        set(false).await;
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.says("hanako");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn name_language_and_password_are_changed() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let (mut a, mut b) = (world.browser(), world.browser());
        a.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let page = a.get("/account").await;
        a.press(&page, "save-profile", &[("name", ""), ("lang", "en")]).await.expect(422, "account");
        a.press(&page, "save-profile", &[("name", "鈴木 花子"), ("lang", "en")]).await.expect(200, "account");
        a.get("/").await.says("鈴木 花子");
        let page = a.get("/account/password").await;
        let new = "tsukue no ue ni 7 satsu";
        a.press(&page, "change-password", &[("current", "wrong"), ("password", new)]).await.expect(422, "password");
        a.press(&page, "change-password", &[("current", PASSWORD), ("password", "short")])
            .await
            .expect(422, "password");
        a.press(&page, "change-password", &[("current", PASSWORD), ("password", new)]).await.expect(200, "account");
        b.get("/").await.expect(200, "sign-in");
        a.get("/").await.says("鈴木 花子");
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.expect(422, "sign-in");
        b.sign_in("/sign-in", "hanako@example.jp", new).await.says("鈴木 花子");
        let mails = world.mails().await;
        assert!(mails.last().unwrap().2.contains("Your password was changed"), "{mails:?}");
    }
}

//! Authenticator apps, recovery codes, fresh proofs.

use accounts::Realm;

use crate::browser::{Browser, Page};
use crate::devices::App;
use crate::world::{PASSWORD, World, worlds};

/// Sets an app up and gives it with the recovery codes.
pub async fn set_up(world: &World, b: &mut Browser, base: &str) -> (App, Vec<String>, Page) {
    let page = b.get(&format!("{base}/account/totp?next={base}/")).await;
    page.expect(200, "totp");
    let app = App::scan(&page);
    assert_eq!(
        App::scan(&b.get(&format!("{base}/account/totp")).await).code(world.clock.clock().now()),
        app.code(world.clock.clock().now())
    );
    let bad = b.press(&page, "confirm-totp", &[("code", "000000")]).await;
    bad.expect(422, "totp");
    let codes = b.press(&page, "confirm-totp", &[("code", &app.code(world.clock.clock().now()))]).await;
    codes.expect(200, "recovery");
    (app, codes.texts(".en-codes code"), codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_set_up_asked_for_and_a_code_works_once() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let now = || world.clock.clock().now();
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let old = b.clone();
        let (app, codes, page) = set_up(&world, &mut b, "").await;
        assert_eq!(codes.len(), 10);
        // The session is a new one, and surer.
        old.clone().get("/").await.expect(200, "sign-in");
        b.get("/").await.says("(Member, TwoFactors)");
        assert!(
            world.mails().await.iter().any(|(_, subject, text)| subject.contains("設定が変わりました")
                && text.contains("認証アプリが設定されました"))
        );
        // The codes can be looked at until they are kept.
        assert_eq!(b.get("/account/recovery").await.texts(".en-codes code"), codes);
        b.press(&page, "recovery-done", &[]).await.says("TwoFactors");
        assert!(b.get("/account/recovery").await.texts(".en-codes code").is_empty());

        // The code that set it up is used up.
        let mut c = world.browser();
        let step = c.sign_in("/sign-in?next=/cases/1", "hanako@example.jp", PASSWORD).await;
        step.expect(200, "second-step");
        c.press(&step, "second-code", &[("code", &app.code(now()))]).await.expect(422, "second-step");
        world.minutes(1);
        let code = app.code(now());
        let done = c.press(&step, "second-code", &[("code", &code)]).await;
        done.says("(Member, TwoFactors) at /cases/1");
        // Nor does it sign a second browser in, at the same time or later.
        let (mut d, mut e) = (world.browser(), world.browser());
        let d_step = d.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        d.press(&d_step, "second-code", &[("code", &code)]).await.expect(422, "second-step");
        world.minutes(1);
        let code = app.code(now());
        let e_step = e.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let fields = [("code", code.as_str())];
        let (x, y) = tokio::join!(d.press(&d_step, "second-code", &fields), e.press(&e_step, "second-code", &fields));
        assert_eq!([&x, &y].iter().filter(|p| p.status == 200).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_sign_in_opens_nothing_and_guesses_run_out() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let (app, ..) = set_up(&world, &mut b, "").await;
        let mut c = world.browser();
        let step = c.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        for path in [
            "/",
            "/account",
            "/account/factors",
            "/account/totp",
            "/account/passkeys",
            "/account/recovery",
            "/account/again",
            "/account/email",
            "/account/password",
        ] {
            c.get(path).await.expect(200, "second-step");
        }
        let account = b.get("/account").await;
        for act in ["save-profile", "end-sessions"] {
            for form in account.forms(act) {
                let stale = c.send(form, &[("name", "悪人"), ("lang", "en")]).await;
                assert_ne!(stale.status, 200);
            }
        }
        for _ in 0..10 {
            c.press(&step, "second-code", &[("code", "000001")]).await.expect(422, "second-step");
        }
        let code = app.code(world.clock.clock().now().plus(std::time::Duration::from_secs(30)));
        c.press(&step, "second-code", &[("code", &code)]).await.expect(429, "second-step");
        // The half session ends by itself.
        world.minutes(10);
        c.get("/").await.expect(200, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_works_once_and_new_ones_replace_the_old() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let (_, codes, _) = set_up(&world, &mut b, "").await;
        let with_code = async |code: &str| {
            let mut c = world.browser();
            let step = c.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
            let path = step.attribute("a[data-act=to-recovery]", "href").unwrap();
            let page = c.get(&path).await;
            c.press(&page, "recovery-code", &[("code", code)]).await
        };
        with_code(&codes[0].to_lowercase().replace('-', " ")).await.expect(200, "factors");
        with_code(&codes[0]).await.expect(422, "recovery-sign-in");
        with_code("7K2M-Q9XD-4RTA-0B3C").await.expect(422, "recovery-sign-in");
        assert!(world.mails().await.iter().any(|m| m.2.contains("回復コードが使われました")));
        // New ones.
        let shown = b.get("/account/recovery").await;
        b.press(&shown, "recovery-done", &[]).await;
        let page = b.get("/account/recovery").await;
        let page = b.press(&page, "recovery-new", &[]).await;
        let fresh = page.texts(".en-codes code");
        assert_eq!(fresh.len(), 10);
        with_code(&codes[1]).await.expect(422, "recovery-sign-in");
        with_code(&fresh[1]).await.expect(200, "factors");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_never_act_without_a_second_factor_and_keep_their_last_one() {
    for world in worlds() {
        world.seeded(Realm::Staff, "staff@desk.example").await;
        let mut b = world.browser();
        let page = b.sign_in("/staff/sign-in?next=/staff", "staff@desk.example", PASSWORD).await;
        page.expect(200, "factors");
        for path in ["/staff", "/staff/account", "/staff/account/password", "/staff/account/email"] {
            b.get(path).await.expect(200, "factors");
        }
        let (app, ..) = set_up(&world, &mut b, "/staff").await;
        b.get("/staff").await.says("(Staff, TwoFactors)");
        let page = b.get("/staff/account/factors").await;
        let kept = b.press(&page, "remove-totp", &[]).await;
        kept.expect(200, "factors").says("最後の確認方法は削除できません");
        b.get("/staff").await.says("(Staff, TwoFactors)");
        // The realms share nothing.
        b.get("/").await.expect(200, "sign-in");
        let mut c = world.browser();
        c.sign_in("/sign-in", "staff@desk.example", PASSWORD).await.expect(422, "sign-in");
        let step = c.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        step.expect(200, "second-step");
        world.minutes(1);
        c.press(&step, "second-code", &[("code", &app.code(world.clock.clock().now()))])
            .await
            .says("(Staff, TwoFactors)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_change_needs_a_fresh_proof() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        set_up(&world, &mut b, "").await;
        let factors = b.get("/account/factors").await;
        world.minutes(15);
        // The page can be seen, the change not made.
        let again = b.press(&factors, "remove-totp", &[]).await;
        again.expect(200, "again");
        b.get("/account/totp").await.expect(200, "again");
        b.get("/account/passkeys").await.expect(200, "again");
        b.get("/account/email").await.expect(200, "again");
        b.get("/account/recovery").await.expect(200, "again");
        let page = b.get("/account/again?next=/account/factors").await;
        b.press(&page, "again", &[("password", "wrong wrong wrong")]).await.expect(422, "again");
        let old = b.clone();
        let page = b.press(&page, "again", &[("password", PASSWORD)]).await;
        page.expect(200, "factors");
        old.clone().get("/account").await.expect(200, "sign-in");
        b.press(&page, "remove-totp", &[]).await.expect(200, "factors").says("確認方法を削除しました");
        // Without factors there are no recovery codes to be found by somebody.
        assert!(b.get("/account/recovery").await.forms("recovery-new").is_empty());
        b.get("/").await.says("(Member, TwoFactors)");
        let mut c = world.browser();
        c.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.says("(Member, Password)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_gives_staff_a_known_app() {
    for world in worlds() {
        let staff = world.seeded(Realm::Staff, "staff@desk.example").await;
        let secret = b"demo-secret-of-staff";
        assert!(world.accounts.seed_totp(&staff.id, secret).await.unwrap());
        assert!(!world.accounts.seed_totp(&staff.id, b"another secret of 20").await.unwrap());
        let mut b = world.browser();
        let step = b.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        step.expect(200, "second-step");
        let code = accounts::totp_code(secret, world.clock.clock().now());
        b.press(&step, "second-code", &[("code", &code)]).await.says("(Staff, TwoFactors)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_everything_is_let_in_again_by_somebody_who_checked() {
    for world in worlds() {
        let staff = world.seeded(Realm::Staff, "staff@desk.example").await;
        world.seeded(Realm::Staff, "taken@desk.example").await;
        let mut b = world.browser();
        b.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        let (_, codes, _) = set_up(&world, &mut b, "/staff").await;
        let (accounts, id) = (world.accounts.clone(), staff.id.clone());
        world.db.write(move |tx| accounts.reset_factors(tx, &id)).await.unwrap();
        b.get("/staff").await.expect(200, "sign-in");
        assert!(world.mails().await.iter().any(|m| m.2.contains("すべて解除されました")));
        // The password alone leads to the set-up page; old codes are gone with the rest.
        b.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await.expect(200, "factors");
        let (_, fresh, _) = set_up(&world, &mut b, "/staff").await;
        assert!(fresh.iter().all(|code| !codes.contains(code)));

        let replace = async |to: &str| {
            let (accounts, id, email) = (world.accounts.clone(), staff.id.clone(), to.parse().unwrap());
            world.db.write(move |tx| accounts.replace_email(tx, &id, &email)).await.unwrap()
        };
        assert!(!replace("taken@desk.example").await);
        b.get("/staff").await.says("staff@desk.example");
        assert!(replace("moved@desk.example").await);
        b.get("/staff").await.expect(200, "sign-in");
        b.sign_in("/staff/sign-in", "moved@desk.example", PASSWORD).await.expect(200, "second-step");
    }
}

//! Guessing, racing, calling as the wrong party.

use accounts::{ROUTES, Realm};
use http::Method;
use web::Who;

use crate::second::set_up;
use crate::world::{PASSWORD, worlds};

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_password_run_out_also_when_they_come_all_at_once() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        let page = b.get("/sign-in").await;
        let form = page.form("sign-in");
        let guesses: Vec<_> = (0..30)
            .map(|n| {
                let (mut b, form) = (b.clone(), form.clone());
                tokio::spawn(async move {
                    let password = format!("guess number {n}");
                    b.send(form, &[("email", "hanako@example.jp"), ("password", &password)]).await.status.as_u16()
                })
            })
            .collect();
        let mut judged = 0;
        for guess in guesses {
            judged += usize::from(guess.await.unwrap() == 422);
        }
        assert_eq!(judged, 10);
        // The right one is not judged either now, nor by the other doors.
        b.send(form.clone(), &[("email", "hanako@example.jp"), ("password", PASSWORD)]).await.expect(429, "sign-in");
        world.minutes(15);
        b.send(form, &[("email", "hanako@example.jp"), ("password", PASSWORD)]).await.says("hanako");
        let page = b.get("/account/password").await;
        let fields = [("current", "wrong"), ("password", "tsukue no ue ni 7 satsu")];
        for _ in 0..10 {
            b.press(&page, "change-password", &fields).await.expect(422, "password");
        }
        b.press(&page, "change-password", &fields).await.expect(429, "password");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_at_many_accounts_is_stopped_and_the_right_password_forgives_only_its_own() {
    for world in worlds() {
        world.member("mine@example.jp").await;
        let mut b = world.browser();
        let mut judged = 0;
        for n in 0..130 {
            let email = format!("n{n}@example.jp");
            let page = b.sign_in("/sign-in", &email, "guess guess guess").await;
            judged += usize::from(page.status == 422);
            if n % 20 == 0 && page.status == 422 {
                let mut own = world.browser();
                own.sign_in("/sign-in", "mine@example.jp", PASSWORD).await;
            }
        }
        assert_eq!(judged, 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_the_wrong_party() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        world.seeded(Realm::Staff, "staff@desk.example").await;
        let mut nobody = world.browser();
        let mut member = world.browser();
        member.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        let mut staff = world.browser();
        staff.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await;
        set_up(&world, &mut staff, "/staff").await;
        let mut seen = 0;
        for route in ROUTES {
            let path = route.path.replace("{token}", "unknown").replace("{id}", "mail_0");
            let form = |csrf: &str| (path.clone(), [("csrf".to_owned(), csrf.to_owned())].into_iter().collect());
            match (route.who, &route.method) {
                (Who::Member | Who::Staff, &Method::GET) => {
                    nobody.get(&path).await.expect(200, "sign-in");
                    let wrong = if route.who == Who::Staff { &mut member } else { &mut staff };
                    let page = wrong.get(&path).await;
                    page.expect(200, "sign-in");
                    assert_eq!(page.at.starts_with("/staff"), route.who == Who::Staff, "{path}");
                }
                (_, &Method::POST) => {
                    // Without a form of ours, and with one for another path.
                    for browser in [&mut nobody, &mut member, &mut staff] {
                        assert_eq!(browser.send(form("x"), &[]).await.status, 403, "{path}");
                    }
                }
                (Who::Browser, _) if route.path.contains('{') => {
                    nobody.get(&path).await.expect(410, "link-gone");
                }
                _ => assert!(nobody.get(&path).await.status.as_u16() < 405, "{path}"),
            }
            seen += 1;
        }
        assert!(seen > 70, "{seen}");
        // What was posted with a good form but without a session goes to sign-in and does nothing.
        let page = member.get("/account").await;
        let (action, fields) = page.form("save-profile");
        let cookie = member.cookies.remove("enishi_desk_session").unwrap();
        let answer = member.send((action, fields), &[("name", "悪人"), ("lang", "en")]).await;
        answer.expect(200, "sign-in");
        member.cookies.insert("enishi_desk_session".to_owned(), cookie);
        member.get("/").await.says("佐藤 花子");
        // The role's own handlers too, and the way back is the page that held the form.
        let answer = nobody.send(("/cases".to_owned(), Default::default()), &[]).await;
        answer.expect(200, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_another_site_after_sign_in() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        for next in
            ["//evil.example", "https://evil.example", "/\\evil.example", "%2F%2Fevil.example", "javascript:alert(1)"]
        {
            let mut b = world.browser();
            let page = b.sign_in(&format!("/sign-in?next={next}"), "hanako@example.jp", PASSWORD).await;
            page.says("at /");
            let page = world.browser().get("/sign-in").await;
            let mut c = world.browser();
            let fresh = c.get("/sign-in").await;
            assert_eq!(page.id(), fresh.id());
            let fields = [("email", "hanako@example.jp"), ("password", PASSWORD), ("next", next)];
            c.press(&fresh, "sign-in", &fields).await.says("at /");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cookie_is_not_signed_in_by_its_victim() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut attacker = world.browser();
        attacker.get("/sign-in").await;
        attacker.cookies.insert("enishi_desk_session".to_owned(), "A".repeat(43));
        let mut victim = attacker.clone();
        victim.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await.says("hanako");
        assert_ne!(victim.cookies["enishi_desk_session"], "A".repeat(43));
        attacker.get("/").await.expect(200, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_is_served_for_good_and_keeps_to_the_policy() {
    let world = worlds().remove(0);
    let mut b = world.browser();
    let page = b.get("/sign-in").await;
    let path = page.attribute("main script[type=module]", "src").unwrap();
    let script = b.get(&path).await;
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert!(script.headers["cache-control"].to_str().unwrap().contains("immutable"));
    for trap in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style."] {
        assert!(!script.html.contains(trap), "the content security policy forbids {trap}");
    }
    assert!(page.attribute("form[data-passkey]", "hidden").is_some());
}

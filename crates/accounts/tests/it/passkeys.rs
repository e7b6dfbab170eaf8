//! Passkeys: made, used, copied, stolen, replayed.

use accounts::Realm;

use crate::browser::{Browser, Page};
use crate::devices::{Authenticator, fields};
use crate::world::{PASSWORD, World, worlds};

async fn add(b: &mut Browser, base: &str, key: &Authenticator) -> Page {
    let page = b.get(&format!("{base}/account/passkeys")).await;
    page.expect(200, "passkey");
    let made = key.create(&page);
    b.press(&page, "make-passkey", &fields(&made)).await
}

async fn member_with(world: &World, key: &Authenticator) -> Browser {
    world.member("hanako@example.jp").await;
    let mut b = world.browser();
    b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
    add(&mut b, "", key).await.expect(200, "recovery");
    b
}

async fn sign_in(b: &mut Browser, path: &str, key: &Authenticator) -> Page {
    let page = b.get(path).await;
    let got = key.get(&page);
    b.press(&page, "sign-in-passkey", &fields(&got)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_that_is_offered_signs_in_alone() {
    for world in worlds() {
        world.member("hanako@example.jp").await;
        let mut b = world.browser();
        b.sign_in("/sign-in", "hanako@example.jp", PASSWORD).await;
        for (n, key) in [Authenticator::p256(1), Authenticator::ed25519(2), Authenticator::rsa(3)].iter().enumerate() {
            let page = add(&mut b, "", key).await;
            page.expect(200, if n == 0 { "recovery" } else { "account" });
            b.get("/").await.says("(Member, TwoFactors)");
            let mut c = world.browser();
            sign_in(&mut c, "/sign-in?next=/cases/3", key)
                .await
                .says("hanako@example.jp is 佐藤 花子 (Member, Passkey) at /cases/3");
        }
        let page = b.get("/account/factors").await;
        page.says("仕事用");
        // The password alone does not do any more; with a passkey it does.
        let key = Authenticator::p256(9);
        add(&mut b, "", &key).await.expect(200, "account");
        let mut c = world.browser();
        let step = c.sign_in("/sign-in?next=/cases/4", "hanako@example.jp", PASSWORD).await;
        step.expect(200, "second-step");
        let got = key.get(&step);
        c.press(&step, "second-passkey", &fields(&got)).await.says("(Member, TwoFactors) at /cases/4");
        // Removed, it opens nothing.
        let form = b.get("/account/factors").await.forms("remove-passkey").pop().unwrap();
        b.send(form, &[]).await.expect(200, "factors");
        sign_in(&mut world.browser(), "/sign-in", &key).await.expect(422, "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_in_its_browser_for_its_purpose() {
    for world in worlds() {
        let key = Authenticator::p256(1);
        let mut mine = member_with(&world, &key).await;
        let mut b = world.browser();
        let page = b.get("/sign-in").await;
        let got = key.get(&page);
        // Another browser sends it, in a form of its own.
        let mut thief = world.browser();
        let theirs = thief.get("/sign-in").await;
        thief.press(&theirs, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        // It is still good where it belongs: once.
        let spare = b.clone();
        b.press(&page, "sign-in-passkey", &fields(&got)).await.says("Passkey");
        spare.clone().press(&page, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        // Challenges run out.
        let mut late = world.browser();
        let page = late.get("/sign-in").await;
        let got = key.get(&page);
        world.minutes(10);
        late.press(&page, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        // A challenge for members is none for staff, and a passkey of a member signs no staff in.
        let page = late.get("/sign-in").await;
        let got = key.get(&page);
        let staff = late.get("/staff/sign-in").await;
        late.press(&staff, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        let got = key.get(&staff);
        late.press(&staff, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        // An answer to "who are you" makes no new passkey.
        let add_page = mine.get("/account/passkeys").await;
        add_page.expect(200, "passkey");
        let mut made = Authenticator::p256(5).create(&add_page);
        made[0].1 = got.iter().find(|(k, _)| k == "client_data").unwrap().1.clone();
        mine.press(&add_page, "make-passkey", &fields(&made)).await.expect(422, "passkey");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_hold_is_refused_whoever_says_it() {
    for world in worlds() {
        let mut key = Authenticator::p256(1);
        let mut b = member_with(&world, &key).await;
        let refused = async |key: &Authenticator| {
            sign_in(&mut world.browser(), "/sign-in", key).await.expect(422, "sign-in");
        };
        // A phishing site passes the challenge on; the browser names that site.
        key.origin = "https://desk.example.evil".to_owned();
        refused(&key).await;
        key.origin = crate::world::ORIGIN.to_owned();
        // Inside another site's page.
        key.cross_origin = true;
        refused(&key).await;
        key.cross_origin = false;
        // The authenticator did not check its user.
        key.verifies = false;
        refused(&key).await;
        key.verifies = true;
        // Changed on the way.
        for field in ["authenticator_data", "signature", "client_data", "credential", "user_handle"] {
            let mut c = world.browser();
            let page = c.get("/sign-in").await;
            let mut got = key.get(&page);
            let value = &mut got.iter_mut().find(|(k, _)| k == field).unwrap().1;
            let flipped = if value.ends_with('A') { "Q" } else { "A" };
            value.replace_range(value.len() - 1.., flipped);
            value.replace_range(6..7, if &value[6..7] == "B" { "C" } else { "B" });
            c.press(&page, "sign-in-passkey", &fields(&got)).await.expect(422, "sign-in");
        }
        sign_in(&mut world.browser(), "/sign-in", &key).await.says("Passkey");

        // Somebody else's key under this one's id.
        let other = Authenticator::p256(1);
        let page = b.get("/account/passkeys").await;
        let made = other.create(&page);
        b.press(&page, "make-passkey", &fields(&made)).await.expect(422, "passkey");
        refused(&other).await;
        // A new one whose authenticator did not check its user, or made for another site.
        let mut weak = Authenticator::p256(6);
        weak.verifies = false;
        let page = b.get("/account/passkeys").await;
        let made = weak.create(&page);
        b.press(&page, "make-passkey", &fields(&made)).await.expect(422, "passkey");
        weak.verifies = true;
        weak.origin = "http://localhost:7001".to_owned();
        let page = b.get("/account/passkeys").await;
        let made = weak.create(&page);
        b.press(&page, "make-passkey", &fields(&made)).await.expect(422, "passkey");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_key_is_found_by_its_count() {
    for world in worlds() {
        let key = Authenticator::p256(1);
        key.count.set(5);
        member_with(&world, &key).await;
        sign_in(&mut world.browser(), "/sign-in", &key).await.says("Passkey");
        sign_in(&mut world.browser(), "/sign-in", &key).await.says("Passkey");
        key.count.set(5);
        sign_in(&mut world.browser(), "/sign-in", &key).await.expect(422, "sign-in");
        key.count.set(20);
        sign_in(&mut world.browser(), "/sign-in", &key).await.says("Passkey");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_set_a_passkey_up_and_are_let_in() {
    for world in worlds() {
        world.seeded(Realm::Staff, "staff@desk.example").await;
        let mut b = world.browser();
        b.sign_in("/staff/sign-in", "staff@desk.example", PASSWORD).await.expect(200, "factors");
        let key = Authenticator::p256(1);
        add(&mut b, "/staff", &key).await.expect(200, "recovery");
        b.get("/staff").await.says("(Staff, TwoFactors)");
        let mut c = world.browser();
        sign_in(&mut c, "/staff/sign-in", &key).await.says("(Staff, Passkey)");
        // A fresh proof by passkey.
        world.minutes(16);
        let page = c.get("/staff/account/passkeys").await;
        page.expect(200, "again");
        let got = key.get(&page);
        c.press(&page, "again-passkey", &fields(&got)).await.expect(200, "passkey");
    }
}

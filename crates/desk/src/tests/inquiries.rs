//! Inquiries and the FAQ.

use store::testing::engines;

use super::browser::Browser;
use super::world::World;
use crate::attach::Place;
use crate::org::Role;
use crate::store::threads::Message;

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_is_read_by_its_organisation_and_nobody_else() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut a, _) = w.person("hanako").await;
        let (mut colleague, them) = w.person("taro").await;
        let (mut other, _) = w.person("other").await;
        let org = w.org(&mut a, "見本商事").await;
        w.join(&org, &them, Role::Viewer).await;
        let page = a.get("/inquiries/new").await.expect(200, "inquiry-new");
        let page = a.upload(&page, "/inquiries", &[("org", org.as_str()), ("subject", "")], &[]).await;
        let page = page.expect(422, "inquiry-new");
        let typed =
            [("org", org.as_str()), ("topic", "settings"), ("subject", "鍵について"), ("body", "一行目\r\n二行目")];
        let files: [(&str, &str, &[u8]); 1] = [("files", "図.pdf", b"%PDF-1.7 x")];
        let page = a.upload(&page, "/inquiries", &typed, &files).await;
        let url = page.to().split('?').next().unwrap().to_owned();
        let page = a.follow(page).await.expect(200, "inquiry");
        assert!(page.has("鍵について") && page.has("Q-") && page.has("図.pdf"));
        assert!(w.mails().await.iter().any(|m| m.0 == "hanako@example.jp" && m.1.contains("問合せを受け付けました")));
        colleague.get(&url).await.expect(200, "inquiry");
        other.get(&url).await.expect(404, "not-found");
        let file =
            page.html.split(&format!("href=\"{url}/files/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(colleague.get(&format!("{url}/files/{file}")).await.bytes, b"%PDF-1.7 x");
        other.get(&format!("{url}/files/{file}")).await.expect(404, "not-found");
        // On behalf of somebody else's organisation, or about somebody else's case: no.
        let page = other.get("/inquiries/new").await;
        other.upload(&page, "/inquiries", &typed, &[]).await.expect(404, "not-found");
        let case = w.begin(&mut a, &org).await;
        assert!(!other.get(&format!("/inquiries/new?case={case}")).await.has("みほん年末調整"));
        // A note among the staff is not shown, nor its file; an answer is, without the name of who wrote it.
        let thread = url.rsplit('/').next().unwrap().to_owned();
        let note = staff_says(&w, &thread, "内部のメモ", true).await;
        staff_says(&w, &thread, "お答えします", false).await;
        let page = a.get(&url).await.expect(200, "inquiry");
        assert!(!page.has("内部のメモ") && page.has("お答えします") && page.has("運営"));
        a.get(&format!("{url}/files/{note}")).await.expect(404, "not-found");
        assert!(a.get("/").await.has("鍵について"));
        let page = a.press(&page, &format!("{url}/close"), &[]).await;
        assert!(a.follow(page).await.has("終了"));
        let page = a.get(&url).await;
        let page = a.upload(&page, &url, &[("body", "もう一つ")], &[]).await;
        assert!(a.follow(page).await.has("回答待ち"));
    }
}

/// A member of staff writes; the id of the file that goes with it.
async fn staff_says(w: &World, thread: &str, body: &str, internal: bool) -> String {
    let id = crate::inquiry::MessageId::new(w.desk.now(), w.desk.rng()).to_string();
    let place = Place { org: None, place: &id, by: "acc_staff" };
    let file = w.desk.seal_file("memo.txt", "内部".as_bytes(), place).unwrap().unwrap();
    let reference = file.reference().unwrap().id.as_str().to_owned();
    let message = Message {
        id: id.clone(),
        author: "acc_staff".to_owned(),
        author_kind: "staff".to_owned(),
        internal,
        body: body.to_owned(),
        created_at: w.desk.now(),
    };
    let (desk, thread) = (w.desk.clone(), thread.to_owned());
    w.desk
        .db()
        .write(move |tx| {
            file.keep(tx)?.unwrap();
            desk.say(tx, &thread, &message, "answered")
        })
        .await
        .unwrap();
    reference
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faq_is_for_everybody() {
    let w = World::new(engines()[0]).await;
    w.desk.seed_faq().await.unwrap();
    w.desk.seed_faq().await.unwrap();
    let mut nobody = Browser::new(&w.router);
    let page = nobody.get("/faq").await.expect(200, "faq");
    assert!(page.has("JWKSとは何ですか") && page.has("誰が申請できますか"));
    let page = nobody.get("/faq?q=%EF%BD%8A%EF%BD%97%EF%BD%8B%EF%BD%93").await.expect(200, "faq");
    assert!(page.has("JWKSとは何ですか") && !page.has("誰が申請できますか"));
    assert!(nobody.get("/faq?q=%3Cscript%3E&lang=en").await.has("0 entries found"));
    let page = nobody.get("/faq?lang=en").await;
    assert!(page.has("What is a JWKS"));
    nobody.get("/help/keys").await.expect(200, "help-keys");
    nobody.get("/").await.expect(200, "welcome");
    assert!(nobody.get("/inquiries/new").await.to().starts_with("/sign-in?next="));
}

//! Forms: checking on save, several editors, private keys, malicious files, spreadsheets there and back.

use procedures::Kind;
use procedures::compare::Differences;
use store::testing::engines;

use super::browser::Browser;
use super::world::{World, sound, with};
use crate::form::Show;
use crate::form::sheet::{self, Heading};

/// The first line or paragraph that is asked for in a form.
pub(super) fn first_text(w: &World, form: &str) -> String {
    let form = w.desk.catalogue().form(form).unwrap();
    form.fields().find(|f| f.required && matches!(f.kind, Kind::Line | Kind::Paragraph)).unwrap().id.clone()
}

struct Desk {
    w: World,
    b: Browser,
    org: String,
    case: String,
    action: String,
}

/// An application whose plan can be filled in.
async fn open_plan() -> Desk {
    let w = World::new(engines()[0]).await;
    let (mut b, _) = w.person("hanako").await;
    let org = w.org(&mut b, "見本商事").await;
    let case = w.begin(&mut b, &org).await;
    w.acts(&mut b, &case, "confirm", "").await;
    let action = format!("/cases/{case}/forms/plan");
    Desk { w, b, org, case, action }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_on_saving_and_kept() {
    let mut d = open_plan().await;
    let form = d.w.desk.catalogue().form("plan").unwrap();
    let email = form.fields().find(|f| f.kind == Kind::Email).map(|f| f.id.clone());
    let page = d.b.get(&d.action).await.expect(200, "form");
    let mut fields = sound(&d.w.desk, "plan");
    if let Some(email) = &email {
        fields.iter_mut().filter(|(n, _)| n == email).for_each(|(_, v)| "not an address".clone_into(v));
    }
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let page = d.b.upload(&page, &d.action, &pairs, &[]).await;
    let page = d.b.follow(page).await.expect(200, "form");
    assert!(page.has("下書きを保存しました"));
    if email.is_some() {
        assert!(page.has("notanaddress") && page.has("en-error-summary"), "{}", page.html);
    }
    // What is only missing is not blamed before it is to be submitted.
    let (mut b, _) = d.w.person("taro").await;
    let org = d.w.org(&mut b, "別").await;
    let case = d.w.begin(&mut b, &org).await;
    d.w.acts(&mut b, &case, "confirm", "").await;
    let action = format!("/cases/{case}/forms/plan");
    let page = b.get(&action).await;
    // What the desk knows of the organisation is there already.
    assert!(page.has("東京都千代田区1-1") && page.has("7000012050002") && page.has("taro@example.jp"));
    assert!(page.has("value=\"private_company\" checked"));
    let page = b.upload(&page, &action, &[], &[]).await;
    assert!(!b.follow(page).await.expect(200, "form").has("en-error-summary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editors_lose_nothing() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut a, _) = w.person("hanako").await;
        let (mut b, them) = w.person("taro").await;
        let org = w.org(&mut a, "見本商事").await;
        w.join(&org, &them, crate::org::Role::Editor).await;
        let case = w.begin(&mut a, &org).await;
        w.acts(&mut a, &case, "confirm", "").await;
        let action = format!("/cases/{case}/forms/plan");
        let field = first_text(&w, "plan");
        let (one, two) = (a.get(&action).await, b.get(&action).await);
        assert_eq!(a.upload(&one, &action, &[(&field, "花子の内容")], &[]).await.status, 303);
        let page = b.upload(&two, &action, &[(&field, "太郎の内容")], &[]).await.expect(409, "form");
        assert!(page.has("花子の内容") && page.has("太郎の内容") && page.has("hanako") && page.has("先に保存"));
        assert_eq!(w.draft(&case, "plan").await.unwrap().text(&field), "花子の内容");
        // Knowing that, the second saves.
        assert_eq!(b.upload(&page, &action, &[(&field, "太郎の内容")], &[]).await.status, 303);
        assert_eq!(w.draft(&case, "plan").await.unwrap().text(&field), "太郎の内容");
        // A double press of the same is no conflict.
        let page = b.get(&action).await;
        for _ in 0..2 {
            assert_eq!(b.upload(&page, &action, &[(&field, "同じ")], &[]).await.status, 303);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_refused_and_nowhere_kept() {
    let mut d = open_plan().await;
    let key = jose::SigningKey::generate(jose::Alg::Es256, &base::Rng::seeded(9)).unwrap();
    let der = key.to_pkcs8().unwrap();
    let body = base::codec::b64(der.expose());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
    let field = first_text(&d.w, "plan");
    let page = d.b.get(&d.action).await;
    let page = d.b.upload(&page, &d.action, &[(&field, &pem)], &[]).await.expect(422, "form");
    assert!(page.has("秘密鍵") && !page.has(&body[..40]));
    // As a file, and in an inquiry.
    let file = d.w.desk.catalogue().form("check-security").unwrap().fields().find(|f| f.kind == Kind::File).unwrap();
    let action = format!("/cases/{}/forms/check-security", d.case);
    let page = d.b.get(&action).await;
    let page = d.b.upload(&page, &action, &[], &[(&file.id, "key.txt", pem.as_bytes())]).await.expect(422, "form");
    assert!(page.has("秘密鍵"));
    let page = d.b.get("/inquiries/new").await;
    let typed = [("org", d.org.as_str()), ("topic", "settings"), ("subject", "鍵"), ("body", &pem)];
    let page = d.b.upload(&page, "/inquiries", &typed, &[]).await.expect(422, "inquiry-new");
    assert!(page.has("秘密鍵"));
    if let store::Engine::Sqlite = engines()[0] {
        let stored = d.w.stored();
        assert!(!stored.windows(40).any(|w| w == &body.as_bytes()[..40]), "the key is in the database");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malicious_files_are_refused_and_good_ones_only_handed_out() {
    let mut d = open_plan().await;
    let form = d.w.desk.catalogue().form("check-security").unwrap();
    let field = form.fields().find(|f| f.kind == Kind::File).unwrap().id.clone();
    let action = format!("/cases/{}/forms/check-security", d.case);
    let huge = {
        let mut png = include_bytes!("logo.png").to_vec();
        png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        png
    };
    let bad: [(&str, &[u8], &str); 5] = [
        ("run.exe", b"MZ\x90\0", "受け付けられない種類"),
        ("page.html", b"<script>alert(1)</script>", "合いません"),
        ("図.png", &huge, "画像が大きすぎる"),
        ("report.pdf", b"", "空のファイル"),
        ("book.xlsx", b"PK\x03\x04broken", "壊れている"),
    ];
    for (name, bytes, says) in bad {
        let page = d.b.get(&action).await;
        let page = d.b.upload(&page, &action, &[], &[(&field, name, bytes)]).await.expect(422, "form");
        assert!(page.has(says), "{name}: {}", page.html);
        let draft = d.w.draft(&d.case, "check-security").await;
        assert!(draft.is_none_or(|a| a.files(&field).is_empty()), "{name} was kept");
    }
    let page = d.b.get(&action).await;
    let good = d.b.upload(&page, &action, &[], &[(&field, "../../evidence.pdf", b"%PDF-1.7 ok")]).await;
    assert_eq!(good.status, 303);
    let kept = d.w.draft(&d.case, "check-security").await.unwrap().files(&field)[0].clone();
    assert_eq!(kept.name.as_str(), "evidence.pdf");
    let url = format!("/cases/{}/files/{}", d.case, kept.id.as_str());
    let file = d.b.get(&url).await;
    assert_eq!(file.bytes, b"%PDF-1.7 ok");
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
    assert!(file.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    // Another organisation can't fetch it, not even by way of its own case.
    let (mut other, _) = d.w.person("other").await;
    let org = d.w.org(&mut other, "別の会社").await;
    let case = d.w.begin(&mut other, &org).await;
    other.get(&url).await.expect(404, "not-found");
    other.get(&format!("/cases/{case}/files/{}", kept.id.as_str())).await.expect(404, "not-found");
    // Nor refer to it from its own form: files come by upload only.
    other.get(&format!("/cases/{case}")).await.expect(200, "case");
    // Too much at once is refused before it is looked at.
    let page = d.b.get(&action).await;
    let large = vec![b'x'; 33 * 1024 * 1024];
    let page = d.b.upload(&page, &action, &[], &[(&field, "a.txt", &large)]).await;
    assert_eq!(page.status, 413);
    // Taken off again.
    let page = d.b.get(&action).await;
    assert_eq!(d.b.upload(&page, &action, &[("remove-file", kept.id.as_str())], &[]).await.status, 303);
    assert!(d.w.draft(&d.case, "check-security").await.is_none_or(|a| a.files(&field).is_empty()));
    d.b.get(&url).await.expect(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_goes_out_and_comes_back() {
    let mut d = open_plan().await;
    d.w.fill_in(&mut d.b, &d.case, "plan").await;
    let sheet = format!("{}/sheet", d.action);
    let file = d.b.get(&sheet).await;
    assert!(file.bytes.starts_with(b"PK"));
    // The same file back changes nothing.
    let page = d.b.get(&d.action).await;
    let page = d.b.upload(&page, &sheet, &[], &[("sheet", "plan.xlsx", &file.bytes)]).await;
    let page = d.b.follow(page).await.expect(200, "upload");
    assert!(page.has("下書きと同じ内容です"), "{}", page.html);
    // Filled in otherwise: shown first, taken over by a press.
    let before = d.w.draft(&d.case, "plan").await.unwrap();
    let field = first_text(&d.w, "plan");
    let changed = with(&before, &field, "表計算で書いた内容");
    let bytes = write(&d, &changed);
    let page = d.b.get(&d.action).await;
    let page = d.b.upload(&page, &sheet, &[], &[("sheet", "plan.xlsx", &bytes)]).await;
    let page = d.b.follow(page).await.expect(200, "upload");
    assert!(page.has("表計算で書いた内容"));
    assert_eq!(d.w.draft(&d.case, "plan").await.unwrap(), before, "nothing is saved until it is taken over");
    let page = d.b.press(&page, &format!("{}/upload/take", d.action), &[]).await;
    assert!(page.to().ends_with("done=taken"));
    assert_eq!(d.w.draft(&d.case, "plan").await.unwrap(), changed);
    // What is wrong is named by sheet and cell.
    let form = d.w.desk.catalogue().form("plan").unwrap();
    if let Some(email) = form.fields().find(|f| f.kind == Kind::Email) {
        let bytes = write(&d, &with(&changed, &email.id, "だれか"));
        let page = d.b.get(&d.action).await;
        let page = d.b.upload(&page, &sheet, &[], &[("sheet", "plan.xlsx", &bytes)]).await;
        let page = d.b.follow(page).await.expect(200, "upload");
        assert!(page.has("のセル "), "{}", page.html);
    }
    // What is no form of ours.
    for (bytes, says) in [(&b"PK\x03\x04"[..], "壊れ"), (b"a,b,c\n1,2,3\n", ".xlsx")] {
        let page = d.b.get(&d.action).await;
        let page = d.b.upload(&page, &sheet, &[], &[("sheet", "x.xlsx", bytes)]).await.expect(422, "form");
        assert!(page.has(says), "{}", page.html);
    }
    let page = d.b.get(&d.action).await;
    d.b.upload(&page, &sheet, &[], &[]).await.expect(422, "form");
}

fn write(d: &Desk, answers: &procedures::Answers) -> Vec<u8> {
    let offered = [procedures::Choice {
        id: "mihon-post".to_owned(),
        label: procedures::Text::new("みほん私書箱", "Mihon Post"),
    }];
    let show = Show {
        form: d.w.desk.catalogue().form("plan").unwrap(),
        answers,
        offered: &offered,
        differences: &Differences::default(),
        comments: &[],
        lang: base::Lang::Ja,
        more: None,
    };
    let heading =
        Heading {
            receipt: "D-1", org: "見本", service: "見本", author: "試験".to_owned(), now: super::world::NOW
        };
    sheet::workbook(&show, &d.case, &heading).unwrap().write().unwrap()
}

/// Rows of a table without a script: more, and one less.
#[tokio::test(flavor = "multi_thread")]
async fn rows_come_and_go_without_a_script() {
    let mut d = open_plan().await;
    let forms = ["plan", "check-eligibility", "check-security"];
    let table = forms.iter().find_map(|id| {
        let form = d.w.desk.catalogue().form(id).unwrap();
        form.fields().find(|f| f.kind.is_rows()).map(|f| (*id, f.clone()))
    });
    let Some((form, field)) = table else { return };
    let action = format!("/cases/{}/forms/{form}", d.case);
    let column = field.columns[0].id.clone();
    let (first, second) = (format!("{}.0.{column}", field.id), format!("{}.1.{column}", field.id));
    let page = d.b.get(&action).await.expect(200, "form");
    let add = format!("add:{}", field.id);
    let page = d.b.upload(&page, &action, &[(&first, "一"), ("do", &add)], &[]).await;
    let page = d.b.follow(page).await.expect(200, "form");
    assert!(page.has(&format!("{}.3.{column}", field.id)) && page.has("一"));
    let page = d.b.upload(&page, &action, &[(&first, "一"), (&second, "二")], &[]).await;
    d.b.follow(page).await;
    let page = d.b.get(&action).await;
    let remove = format!("remove:{}:0", field.id);
    d.b.upload(&page, &action, &[(&first, "一"), (&second, "二"), ("do", &remove)], &[]).await;
    let rows = d.w.draft(&d.case, form).await.unwrap().rows(&field.id).to_vec();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][&column].as_str(), "二");
}

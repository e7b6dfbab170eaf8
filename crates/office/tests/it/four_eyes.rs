//! Attempts to decide alone, twice, or on something else than what was shown; two approvers at once; loss of power.

use procedures::case::{Event, Proposal};
use store::testing::{TestDb, engines};

use crate::browser::Page;
use crate::world::{World, decide, plain};

const AGREE: [(&str, &str); 1] = [("verdict", "agree")];

/// A case that awaits the approval of its disclosure, on which `reviewer` agreed.
async fn at_approval(w: &World) -> String {
    let (_, by, org) = w.org("mihon").await;
    let case = w.open(&by, &org).await;
    w.applicant_acts(&case, &by, "").await;
    let (mut reception, _) = w.staff("reception", "reception").await;
    let page = reception.get(&format!("/staff/cases/{case}")).await;
    reception.press(&page, "/act", "confirm", &[("text", "受付しました")]).await.expect(200, "staff-case");
    let (mut reviewer, _) = w.staff("reviewer", "reviewer approver").await;
    decide(&mut reviewer, &case, "review", &AGREE).await.expect(200, "staff-case").says("reviewerさんが同意しました");
    assert_eq!(w.step(&case).await, "A-3/approve");
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_agreed_to() {
    for engine in engines() {
        let w = World::new(engine).await;
        let case = at_approval(&w).await;
        // The reviewer holds the role of approver as well: the page says why not, and the form is not there.
        let mut same = w.sign_in("/staff", "reviewer").await;
        let page = same.get(&format!("/staff/cases/{case}/decide")).await;
        page.expect(200, "staff-decide").says("あなたは承認できません");
        assert!(page.has_form("/approve", "approve").is_none());
        // Nor by hand: the form of another person's page, with this person's token.
        let (action, mut fields) = page.form("/review", "review");
        fields.retain(|(n, _)| n == "seq" || n == "differences");
        let csrf = same.get(&format!("/staff/cases/{case}/decide")).await;
        let token = |p: &Page| p.form("/return", "return").1;
        fields.extend(token(&csrf).into_iter().filter(|(n, _)| n == "csrf"));
        let forged = (action.replace("/review", "/approve"), fields);
        let page = same.send(forged, &[("approve_note", "自分で承認")]).await;
        assert!(page.status.is_client_error(), "a token is for one form: {}", page.html);
        assert_eq!(w.effects(&case).await, Vec::<String>::new());
        // And the case itself says no, whatever page or token.
        let by = |id: &str| procedures::By::staff(id, &[procedures::Staff::Approver]);
        let reviewer = w.case(&case).await.reviews[0].by.clone();
        let event = Event::Approve { note: plain(""), apis: None, differences_seen: None };
        let no = w.desk.act(&case, event, by(&reviewer)).await.unwrap_err();
        assert!(matches!(no, desk::ActError::Refused(procedures::Refusal::FourEyes)), "{no:?}");
        // Whoever betters a proposal can't approve it, and neither can whoever made the first one.
        let (mut second, _) = w.staff("second", "reviewer approver").await;
        decide(&mut second, &case, "review", &AGREE).await.expect(200, "staff-case");
        for name in ["reviewer", "second"] {
            let mut b = w.sign_in("/staff", name).await;
            b.get(&format!("/staff/cases/{case}/decide")).await.says("あなたは承認できません");
        }
        // Auditors look, and have nothing to press.
        let (mut auditor, _) = w.staff("auditor", "auditor").await;
        for path in ["", "/decide"] {
            let page = auditor.get(&format!("/staff/cases/{case}{path}")).await;
            assert_eq!(page.status, 200);
            assert!(!page.html.contains("data-act=\"approve\"") && !page.html.contains("data-act=\"take\""));
        }
        let (mut approver, _) = w.staff("approver", "approver").await;
        let page = approver.get(&format!("/staff/cases/{case}/decide")).await;
        let form = page.form("/approve", "approve");
        let theirs = auditor.send(form.clone(), &[]).await;
        assert!(theirs.status.is_client_error());
        assert_eq!(w.effects(&case).await.len(), 0);
        // The one who may.
        let page = approver.send(form.clone(), &[("approve_note", "確認しました")]).await;
        page.expect(200, "staff-case").says("承認しました");
        assert_eq!(w.effects(&case).await.len(), 1);
        assert_eq!(w.step(&case).await, "A-4/review");
        // The same form again does nothing.
        let page = approver.send(form, &[("approve_note", "もう一度")]).await;
        page.expect(200, "staff-case").says("別の人が先に操作しました");
        assert_eq!(w.effects(&case).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_needs_a_fresh_proof() {
    for engine in engines() {
        let w = World::new(engine).await;
        let case = at_approval(&w).await;
        let (mut approver, _) = w.staff("approver", "approver").await;
        let page = approver.get(&format!("/staff/cases/{case}/decide")).await;
        let form = page.form("/approve", "approve");
        w.minutes(16);
        approver.send(form, &[]).await.expect(200, "again");
        assert_eq!(w.effects(&case).await.len(), 0);
        let page = approver.get(&format!("/staff/cases/{case}/decide")).await;
        let page = page.expect(200, "again").clone();
        let page = approver.press(&page, "/again", "again", &[("password", crate::world::PASSWORD)]).await;
        let page = page.expect(200, "staff-decide").clone();
        approver.press(&page, "/approve", "approve", &[]).await.expect(200, "staff-case");
        assert_eq!(w.effects(&case).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvers_at_once_one_wins() {
    for engine in engines() {
        let w = World::new(engine).await;
        let case = at_approval(&w).await;
        let mut forms = Vec::new();
        for name in ["first", "second", "third"] {
            let (mut b, _) = w.staff(name, "approver").await;
            let page = b.get(&format!("/staff/cases/{case}/decide")).await;
            forms.push((b, page.form("/approve", "approve")));
        }
        let mut running = Vec::new();
        for (mut b, form) in forms {
            running.push(tokio::spawn(async move { b.send(form, &[]).await }));
        }
        let mut won = 0;
        for r in running {
            let page = r.await.unwrap();
            page.expect(200, "staff-case");
            won += usize::from(page.at.ends_with("done=approved"));
        }
        assert_eq!(won, 1);
        assert_eq!(w.effects(&case).await.len(), 1);
        assert_eq!(w.case(&case).await.decisions.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_of_power_while_approving_does_it_once_or_not_at_all() {
    for engine in engines() {
        for writes in 0..4 {
            let w = World::new(engine).await;
            let case = at_approval(&w).await;
            let (mut approver, _) = w.staff("approver", "approver").await;
            let page = approver.get(&format!("/staff/cases/{case}/decide")).await;
            let form = page.form("/approve", "approve");
            w.desk.db().lose_power_after(writes);
            approver.send(form, &[("approve_note", "確認")]).await;
            let _ = w.desk.run_jobs().await;
            // Whoever pressed does not know what came of it, and presses again after the restart.
            let (clock, place): (_, TestDb) = {
                let World { clock, place, desk, router } = w;
                drop((desk, router, approver));
                (clock, place)
            };
            let w = World::at(clock, place).await;
            let mut approver = {
                w.minutes(1);
                w.sign_in("/staff", "approver").await
            };
            let page = approver.get(&format!("/staff/cases/{case}/decide")).await;
            match page.has_form("/approve", "approve") {
                Some(form) => drop(approver.send(form, &[]).await),
                None => assert_eq!(w.step(&case).await, "A-4/review", "after {writes} writes"),
            }
            w.desk.run_jobs().await.unwrap();
            let now = w.case(&case).await;
            assert_eq!((now.decisions.len(), w.effects(&case).await.len()), (1, 1), "after {writes} writes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apis_are_approved_one_by_one_and_reasons_are_kept() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut member, by, org) = w.org("mihon").await;
        let case = w.open(&by, &org).await;
        w.applicant_acts(&case, &by, "").await;
        // Not disclosed before the approval.
        assert_eq!(member.get(&format!("/orgs/{org}/documents")).await.status, 404);
        let (mut a, _) = w.staff("a", "reception reviewer").await;
        let (mut b, _) = w.staff("b", "approver").await;
        let page = a.get(&format!("/staff/cases/{case}")).await;
        a.press(&page, "/act", "confirm", &[("text", "打合せ：3日に実施")]).await;
        decide(&mut a, &case, "review", &AGREE).await.expect(200, "staff-case");
        decide(&mut b, &case, "approve", &[]).await.expect(200, "staff-case");
        member.get(&format!("/orgs/{org}/documents")).await.says("仕様書");
        assert_eq!(member.get(&format!("/orgs/{org}/documents/spec.toml")).await.status, 200);
        // none is no answer, and one that was not asked for is none either.
        let none = decide(&mut a, &case, "review", &[("verdict", "agree"), ("services", "mihon-post")]).await;
        none.expect(422, "staff-decide").says("承諾するものを1つ以上");
        let asked = ["attribute_linkage", "notices_documents"];
        let other =
            [("verdict", "agree"), ("apis", "user_registration"), ("services", "mihon-post"), ("note", "所見です")];
        decide(&mut a, &case, "review", &other).await.expect(422, "staff-decide").says("所見です");
        let both = [
            ("verdict", "agree"),
            ("apis", asked[0]),
            ("apis", asked[1]),
            ("services", "mihon-post"),
            ("note", "適合"),
        ];
        decide(&mut a, &case, "review", &both).await.expect(200, "staff-case");
        // Sent back, reviewed again, then approved for one of the two.
        decide(&mut b, &case, "send-back", &[]).await.expect(422, "staff-decide");
        decide(&mut b, &case, "send-back", &[("send_back_reason", "根拠を書いてください")]).await;
        decide(&mut a, &case, "review", &both).await.expect(200, "staff-case");
        let narrow = [("approve_apis", asked[0]), ("approve_note", "属性連携のみ")];
        decide(&mut b, &case, "approve", &narrow).await.expect(200, "staff-case").says("属性連携のみ");
        let now = w.case(&case).await;
        assert_eq!(now.apis, [procedures::Api::AttributeLinkage]);
        assert_eq!(now.decisions[1].note.as_str(), "属性連携のみ");
        // What was said among the staff is not for the applicant.
        let page = member.get(&format!("/cases/{case}")).await;
        page.expect(200, "case").lacks("根拠を書いてください").lacks("適合").says("打合せ：3日に実施");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn returned_with_remarks_on_fields_and_shown_what_changed() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut member, by, org) = w.org("mihon").await;
        let case = w.open(&by, &org).await;
        w.applicant_acts(&case, &by, "").await;
        let (mut a, _) = w.staff("a", "reception reviewer").await;
        let page = a.get(&format!("/staff/cases/{case}/forms/plan")).await;
        let page = page.expect(200, "staff-form").clone();
        let catalogue = procedures::Catalogue::builtin().unwrap();
        let field =
            catalogue.form("plan").unwrap().fields().find(|f| f.kind == procedures::Kind::Line).unwrap().id.clone();
        let page2 = a.press(&page, "/comments", "comment", &[("field", field.as_str()), ("text", "")]).await;
        page2.expect(422, "staff-form").says("指摘の内容");
        let said = [("field", field.as_str()), ("text", "正式な名称にしてください")];
        a.press(&page, "/comments", "comment", &said).await.expect(200, "staff-form").says("正式な名称にしてください");
        a.press(&page, "/comments", "comment", &said).await.says("別の人が先に操作しました");
        // Reception returns what is not complete; the reason is needed.
        let page = a.get(&format!("/staff/cases/{case}")).await;
        a.press(&page, "/return", "return", &[("reason", "")]).await.expect(422, "staff-case");
        let page = a.press(&page, "/return", "return", &[("reason", "名称を直してください")]).await;
        page.expect(200, "staff-case");
        assert_eq!(w.step(&case).await, "A-2/submit");
        member.get(&format!("/cases/{case}")).await.says("名称を直してください");
        // Submitted again with another answer: the field is marked.
        let mut forms = sample_forms(&w, &case).await;
        let changed = procedures::Answer::Text(plain("別の名称"));
        forms.get_mut("plan").unwrap().set(&field, changed);
        w.desk.act(&case, Event::Submit { forms }, by.clone()).await.unwrap();
        let page = a.get(&format!("/staff/cases/{case}/forms/plan")).await;
        page.expect(200, "staff-form").says("変更あり").says("別の名称").says("<del>");
        a.press(&page, "/resolve", "resolve", &[]).await.expect(200, "staff-form").says("解決済み");
        let old = a.get(&format!("/staff/cases/{case}/forms/plan?no=1")).await;
        old.expect(200, "staff-form").lacks("別の名称");
    }
}

async fn sample_forms(w: &World, case: &str) -> std::collections::BTreeMap<String, procedures::Answers> {
    w.case(case).await.submissions.last().unwrap().forms.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_suspends_by_two_people() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (_, by, org) = w.org("mihon").await;
        w.open(&by, &org).await;
        let service = {
            let org = org.clone();
            w.desk.db().read(move |tx| desk::kit::services::of_org(tx, &org)).await.unwrap().remove(0)
        };
        let (mut operator, _) = w.staff("operator", "operator approver").await;
        // Nothing to suspend before it runs.
        operator.get("/staff/services").await.expect(200, "staff-services").lacks("緊急に停止する");
        let (id, now) = (service.id.clone(), w.desk.now());
        w.desk.db().write(move |tx| desk::kit::services::set_status(tx, &id, "active", now)).await.unwrap();
        let page = operator.get("/staff/services").await;
        page.says("緊急に停止する");
        let (mut reviewer, _) = w.staff("reviewer", "reviewer").await;
        assert_eq!(reviewer.get(&format!("/staff/services/{}/suspend", service.id)).await.status, 403);
        let page = operator.get(&format!("/staff/services/{}/suspend", service.id)).await;
        operator.press(&page, "/suspend", "suspend", &[("reason", " ")]).await.expect(422, "staff-suspend");
        let page = operator.press(&page, "/suspend", "suspend", &[("reason", "鍵の漏えい")]).await;
        let page = page.expect(200, "staff-case").clone();
        let case = page.at.trim_start_matches("/staff/cases/").split('?').next().unwrap().to_owned();
        assert_eq!(w.step(&case).await, "F-1/approve");
        operator.get(&format!("/staff/cases/{case}/decide")).await.says("あなたは承認できません");
        assert_eq!(w.effects(&case).await.len(), 0);
        let (mut approver, _) = w.staff("approver", "approver").await;
        decide(&mut approver, &case, "approve", &[]).await.expect(200, "staff-case");
        assert_eq!(w.effects(&case).await.len(), 1);
        let proposal = Proposal::default();
        let again =
            w.desk.act(&case, Event::Review(proposal), procedures::By::staff("x", &[procedures::Staff::Operator]));
        assert!(again.await.is_err());
    }
}

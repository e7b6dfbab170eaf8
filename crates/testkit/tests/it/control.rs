//! The control plane over real portals: a decision reaches a portal exactly once, whatever dies.

use std::time::Duration;

use control::Place::{Production, Test};
use control::players;
use control::players::{Fill, Service};
use store::testing::engines;
use testkit::{Admissions, Trouble, admissions};

const DAY: Duration = Duration::from_secs(86_400);

fn kinds(mails: &[(String, String, String)]) -> Vec<&str> {
    mails.iter().map(|(_, kind, _)| kind.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_client_from_application_to_termination() {
    for engine in engines() {
        let w = Admissions::new(engine).await;
        let case = w.open("admission", Service::New("年末調整")).await;
        w.play(&case, Some("A-8")).await;
        assert!(w.clients_at(Test).await.is_empty() && w.clients_at(Production).await.is_empty());
        w.play(&case, Some("A-11")).await;
        let service = w.service_of(&case).await;
        let test = service.test_client_id.clone().unwrap();
        assert_eq!(w.clients_at(Test).await, [(test.clone(), 1, "active".to_owned())]);
        assert!(w.clients_at(Production).await.is_empty(), "the test environment only");
        let mails = w.mails().await;
        let told = mails.iter().find(|(_, kind, _)| kind == "mail-open-test").unwrap();
        assert!(told.2.contains(&test) && told.2.contains(admissions::TEST) && told.0 == "owner@mihon.example");

        // For named testers only; each has their link, the portal only its hash.
        w.play(&case, Some("A-17")).await;
        let live = w.service_of(&case).await.production_client_id.unwrap();
        assert_ne!(live, test);
        assert_eq!(w.clients_at(Production).await, [(live.clone(), 1, "production_verification".to_owned())]);
        let mails = w.mails().await;
        let tester = mails.iter().find(|(_, kind, _)| kind == "mail-tester").unwrap();
        let token = tester.2.split("/verification/").nth(1).unwrap().split_whitespace().next().unwrap();
        let said = w.client_at(Production, &live).await;
        assert_eq!(said["client"]["testers"][0]["token_hash"], base::codec::sha256_b64url(token));
        assert!(!said.to_string().contains(token));
        let verified = said["client"]["metadata"].clone();

        w.play(&case, None).await;
        assert_eq!(w.clients_at(Production).await, [(live.clone(), 2, "active".to_owned())]);
        let said = w.client_at(Production, &live).await;
        assert_eq!(said["client"]["metadata"], verified, "what was verified is what is live");
        assert_eq!(said["client"]["testers"], serde_json::json!([]));
        assert_eq!(said["client"]["decided_by"].as_array().unwrap().len(), 2);
        let service = w.service_of(&case).await;
        assert_eq!(service.status, "active");

        // A change is checked beside the live client, which stays as it is until the change is applied.
        let change = w.open("change", Service::There(&service.id)).await;
        let fill = Fill::from([("service_name_ja".to_owned(), "年末調整プラス".to_owned())]);
        w.try_play(&change, Some("B-8"), &fill).await.unwrap();
        let clients = w.clients_at(Production).await;
        let beside = clients.iter().find(|(id, ..)| *id != live).unwrap();
        assert_eq!((beside.1, beside.2.as_str()), (1, "production_verification"));
        assert!(clients.contains(&(live.clone(), 2, "active".to_owned())));
        w.try_play(&change, None, &fill).await.unwrap();
        let clients = w.clients_at(Production).await;
        assert!(clients.contains(&(live.clone(), 3, "active".to_owned())), "{clients:?}");
        assert!(clients.contains(&(beside.0.clone(), 2, "terminated".to_owned())), "{clients:?}");

        // At the planned time by itself: the desk need not do anything then.
        let stop = w.open("suspension", Service::There(&service.id)).await;
        w.play(&stop, None).await;
        let said = w.client_at(Production, &live).await;
        assert_eq!((said["status"].as_str(), said["next"]["status"].as_str()), (Some("active"), Some("suspended")));
        w.clock.advance(DAY * 70);
        assert_eq!(w.client_at(Production, &live).await["status"], "suspended");
        w.advance(Duration::from_secs(1)).await;
        assert_eq!(w.service_of(&case).await.status, "suspended");
        let resume = w.open("resumption", Service::There(&service.id)).await;
        w.play(&resume, None).await;
        w.advance(DAY * 70).await;
        assert_eq!(w.client_at(Production, &live).await["status"], "active");
        let end = w.open("termination", Service::There(&service.id)).await;
        w.play(&end, None).await;
        w.advance(DAY * 70).await;
        assert_eq!(w.client_at(Production, &live).await["status"], "terminated");
        assert_eq!(w.client_at(Test, &test).await["status"], "terminated");
        assert_eq!(w.service_of(&case).await.status, "terminated");
        // What was decided and what the portals have are the same.
        for place in [Test, Production] {
            w.control.look(&w.desk, place).await.unwrap();
        }
        assert_eq!(w.control.drift(&w.desk).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_behind_every_write_it_is_provisioned_exactly_once() {
    for engine in engines() {
        let mut writes = 1;
        loop {
            let mut w = Admissions::new(engine).await;
            let case = w.open("admission", Service::New("年末調整")).await;
            w.play(&case, Some("A-16/approve")).await;
            let before = (w.changes_at(Production).await, w.changes_at(Test).await);
            w.desk_db.lose_power_after(writes);
            let done = w.try_play(&case, Some("A-17"), &Fill::new()).await;
            if !w.desk_db.power_is_lost() {
                done.unwrap();
                assert!(writes > 3, "the approval writes more than {writes} times");
                break;
            }
            w.restart_desk().await;
            // Whoever approved finds it done, or does it again; jobs that another had taken come back.
            w.advance(Duration::from_secs(120)).await;
            w.try_play(&case, Some("A-17"), &Fill::new()).await.unwrap_or_else(|e| panic!("after write {writes}: {e}"));
            w.advance(Duration::from_secs(120)).await;
            let clients = w.clients_at(Production).await;
            assert_eq!(clients.len(), 1, "after write {writes}: {clients:?}");
            assert_eq!((clients[0].1, clients[0].2.as_str()), (1, "production_verification"), "after write {writes}");
            assert_eq!(w.changes_at(Production).await - before.0, 1, "after write {writes}");
            assert_eq!(w.changes_at(Test).await, before.1, "after write {writes}");
            let mails = w.mails().await;
            for kind in ["mail-tester", "mail-open-check"] {
                let n = kinds(&mails).iter().filter(|k| **k == kind).count();
                assert_eq!(n, 1, "{kind} after write {writes}");
            }
            writes += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_is_away_is_told_when_it_is_back_and_its_answer_may_get_lost() {
    for engine in engines() {
        for trouble in [Trouble::Refused, Trouble::AnswerLost, Trouble::Busy] {
            let w = Admissions::new(engine).await;
            let case = w.open("admission", Service::New("年末調整")).await;
            w.play(&case, Some("A-9/approve")).await;
            w.net.trouble("/registry/v1/instructions", trouble, 2);
            let stuck = w.try_play(&case, Some("A-11"), &Fill::new()).await.unwrap_err();
            assert!(stuck.to_string().contains("A-10"), "{stuck}");
            // Whatever came of it, staff see that it is not confirmed.
            assert_eq!(w.control.unconfirmed(&w.desk).await.unwrap().len(), 1);
            w.advance(Duration::from_secs(5)).await;
            w.advance(Duration::from_secs(5)).await;
            w.play(&case, Some("A-11")).await;
            assert_eq!((w.clients_at(Test).await.len(), w.changes_at(Test).await), (1, 1), "{trouble:?}");
            assert!(w.control.unconfirmed(&w.desk).await.unwrap().is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_portal_refuses_is_shown_in_its_words_and_tried_again_by_an_operator() {
    for engine in engines() {
        let w = Admissions::new(engine).await;
        let case = w.open("admission", Service::New("年末調整")).await;
        w.play(&case, Some("A-9/approve")).await;
        // The portal has lost its delivery services: it refuses what names one.
        let db = w.portal_dbs[0].clone();
        let rows = db.read(|tx| tx.query("SELECT entry FROM deliveries WHERE id = 'mihon-post'", &[])).await.unwrap();
        assert_eq!(rows.len(), 1);
        db.write(|tx| tx.execute("DELETE FROM deliveries WHERE id = 'mihon-post'", &[])).await.unwrap();
        let stuck = w.try_play(&case, Some("A-11"), &Fill::new()).await;
        assert!(stuck.is_err() || w.clients_at(Test).await.is_empty());
        let words = w.control.unconfirmed(&w.desk).await.unwrap();
        assert!(words[0].contains("there is no delivery service 'mihon-post'"), "{words:?}");
        // It is told the delivery service again, and then the client.
        w.control.look(&w.desk, Test).await.unwrap();
        assert_eq!(w.control.drift(&w.desk).await.unwrap(), 1);
        let order = (Test, "delivery_service", admissions::DELIVERY_ID);
        assert!(w.control.apply_again(&w.desk, order, &w.crew.operator.id, "復旧のため").await.unwrap());
        w.desk.run_jobs().await.unwrap();
        let retry = procedures::case::Event::Retry { note: procedures::Plain::new("直しました").unwrap() };
        let by = procedures::By::staff(&w.crew.operator.id, &[procedures::Staff::Operator]);
        w.desk.act(&case, retry, by).await.unwrap();
        w.play(&case, Some("A-11")).await;
        assert_eq!(w.clients_at(Test).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_found_and_put_right_and_maintenance_reaches_portals_and_people() {
    for engine in engines() {
        let w = Admissions::new(engine).await;
        let case = w.open("admission", Service::New("年末調整")).await;
        w.play(&case, None).await;
        let live = w.service_of(&case).await.production_client_id.unwrap();
        for place in [Test, Production] {
            w.control.look(&w.desk, place).await.unwrap();
        }
        assert_eq!(w.control.drift(&w.desk).await.unwrap(), 0);
        // Somebody suspends it on the portal's command line.
        let clock = w.clock.clock();
        let status = portal::registry::set_client_status(&w.portal_dbs[1], &clock, &live, provider::Status::Suspended);
        status.await.unwrap();
        w.clock.advance(Duration::from_secs(2));
        w.control.look(&w.desk, Production).await.unwrap();
        assert_eq!(w.control.drift(&w.desk).await.unwrap(), 1);
        w.control.warn(&w.desk).await.unwrap();
        w.control.warn(&w.desk).await.unwrap();
        let mails = w.mails().await;
        let warned: Vec<_> = mails.iter().filter(|(_, kind, _)| kind == "mail-warning").collect();
        assert_eq!(warned.len(), 1, "once, to the operator: {warned:?}");
        assert!(warned[0].0 == "operator@desk.example" && warned[0].2.contains(&live));
        let order = (Production, "client", live.as_str());
        assert!(w.control.apply_again(&w.desk, order, &w.crew.operator.id, "手違いのため").await.unwrap());
        w.desk.run_jobs().await.unwrap();
        w.clock.advance(Duration::from_secs(2));
        w.control.look(&w.desk, Production).await.unwrap();
        assert_eq!(w.control.drift(&w.desk).await.unwrap(), 0);
        assert_eq!(w.client_at(Production, &live).await["status"], "active");

        let (desk, now) = (w.desk.clone(), w.clock.clock().now());
        let plan = control::Announcement {
            delivery: admissions::DELIVERY_ID.to_owned(),
            places: vec![Production],
            from: now.plus(DAY),
            until: now.plus(DAY * 2),
            note: procedures::Text::new("点検", "Check"),
            by: w.crew.operator.id.clone(),
        };
        let id = w.desk_db.write(move |tx| control::announce(&desk, tx, &plan)).await.unwrap();
        w.desk.run_jobs().await.unwrap();
        let said = w.control.ask(&w.desk, Production, "list_delivery_services", serde_json::json!({})).await.unwrap();
        assert_eq!(said["maintenance"][0]["id"], id.as_str());
        assert!(kinds(&w.mails().await).contains(&"mail-maintenance"));
        let (desk, key, by) = (w.desk.clone(), id.clone(), w.crew.operator.id.clone());
        assert!(w.desk_db.write(move |tx| control::withdraw(&desk, tx, &key, &by)).await.unwrap());
        w.desk.run_jobs().await.unwrap();
        let said = w.control.ask(&w.desk, Production, "list_delivery_services", serde_json::json!({})).await.unwrap();
        assert_eq!(said["maintenance"], serde_json::json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_stops_a_client_at_once_and_one_person_alone_can_not() {
    for engine in engines() {
        let w = Admissions::new(engine).await;
        let case = w.open("admission", Service::New("年末調整")).await;
        w.play(&case, None).await;
        let service = w.service_of(&case).await;
        let live = service.production_client_id.clone().unwrap();
        let by =
            procedures::By::staff(&w.crew.operator.id, &[procedures::Staff::Operator, procedures::Staff::Approver]);
        let reason = procedures::Plain::new("不正な要求が続いているため").unwrap();
        let (desk, who, why) = (w.desk.clone(), by.clone(), reason.clone());
        let incident = w
            .desk_db
            .write(move |tx| {
                let id = desk.open_in(tx, "emergency", &service, &who, why.clone())?;
                let review = procedures::Event::Review(procedures::Proposal { note: why, ..Default::default() });
                desk.act_in(tx, id.as_str(), review, &who, |_, _| Ok(()))?;
                Ok::<_, desk::ActError>(id.to_string())
            })
            .await
            .unwrap();
        let alone = procedures::Event::Approve { note: reason, apis: None, differences_seen: None };
        let refused = w.desk.act(&incident, alone, by).await.unwrap_err();
        assert!(matches!(refused, desk::ActError::Refused(procedures::Refusal::FourEyes)), "{refused}");
        assert_eq!(w.client_at(Production, &live).await["status"], "active");
        players::play(&w.desk, &w.crew, &w.applicant, &incident, None, &Fill::new()).await.unwrap();
        let said = w.client_at(Production, &live).await;
        assert_eq!(said["status"], "suspended");
        assert_eq!(said["client"]["reason"], "不正な要求が続いているため");
        assert_eq!(w.service_of(&case).await.status, "suspended");
    }
}

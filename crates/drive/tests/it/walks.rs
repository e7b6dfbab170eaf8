//! Walks with every kind of decision.

use drive::{Decisions, DriveError, Driven, Person, drive};

use crate::citizen;
use crate::sites::{PORTAL, Sites};

fn hanako() -> Person {
    Person {
        id: "hanako".to_owned(),
        family_name: "佐藤".to_owned(),
        given_name: "花子".to_owned(),
        pin: "1111".to_owned(),
        account: "hanako@example.jp".to_owned(),
        password: "pw".to_owned(),
        has_account: true,
    }
}

fn jun(id: &str) -> Option<Person> {
    (id == "jun").then(|| Person { id: id.to_owned(), pin: "8888".to_owned(), ..hanako() })
}

async fn walk(sites: &Sites, person: &Person, decisions: &str) -> Result<Driven, DriveError> {
    let decisions: Decisions = serde_json::from_str(decisions).unwrap();
    drive(&mut citizen(sites), &format!("{PORTAL}/start"), person, &decisions, &jun).await
}

async fn pages(sites: &Sites, decisions: &str) -> (String, String) {
    let driven = walk(sites, &hanako(), decisions).await.unwrap();
    let to = driven.redirect_to.as_ref().map_or(String::new(), |u| u.query().unwrap_or_default().to_owned());
    (driven.page_ids().join(" "), to)
}

fn with_mailbox() -> Sites {
    Sites::new().with_account("hanako@example.jp")
}

#[tokio::test]
async fn by_default_the_citizen_goes_through() {
    let (ids, to) = pages(&with_mailbox(), "{}").await;
    assert_eq!(ids, "consent identify pick pin register link handover sign-in allow linked");
    assert_eq!(to, "code=c&iss=i");
}

#[tokio::test]
async fn each_decision_leads_where_it_says() {
    let cases = [
        (r#"{"consent":"refuse"}"#, "consent", "error=access_denied"),
        (r#"{"identify":"stop"}"#, "consent identify stop", "outcome=user_cancelled"),
        (r#"{"register":"stop"}"#, "consent identify pick pin register stop", "outcome=user_cancelled"),
        (r#"{"link":"stop"}"#, "consent identify pick pin register link stop", "outcome=user_cancelled"),
        (
            r#"{"hand_over":"stop","stop":"continue"}"#,
            "consent identify pick pin register link handover stop identify pick pin register link handover sign-in allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"hand_over":"back"}"#,
            "consent identify pick pin register link handover link handover sign-in allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"faults":["card_not_read"],"cards":["jun"]}"#,
            "consent identify pick card-error pick pin register link handover sign-in allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"faults":["card_not_read"],"card_error":"stop"}"#,
            "consent identify pick card-error stop",
            "outcome=user_cancelled",
        ),
        (
            r#"{"pins":["0000"],"link":"stop"}"#,
            "consent identify pick pin pin register link stop",
            "outcome=user_cancelled",
        ),
        (r#"{"pins":["0","1","2"]}"#, "consent identify pick pin pin pin ended", "outcome=card_pin_locked"),
        (r#"{"pin":"cancel"}"#, "consent identify pick pin stop", "outcome=user_cancelled"),
        (
            r#"{"at_delivery":{"allow":"deny"}}"#,
            "consent identify pick pin register link handover sign-in allow not-linked",
            "outcome=user_cancelled",
        ),
        (
            r#"{"at_delivery":{"sign":"cancel"},"not_linked":"retry"}"#,
            "consent identify pick pin register link handover sign-in not-linked handover sign-in allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"at_delivery":{"password":"wrong"}}"#,
            "consent identify pick pin register link handover sign-in sign-in not-linked",
            "outcome=user_cancelled",
        ),
        (
            r#"{"at_delivery":{"allow":"other_account"}}"#,
            "consent identify pick pin register link handover sign-in allow sign-in allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"at_delivery":{"sign":"up","account":"new@example.jp"}}"#,
            "consent identify pick pin register link handover sign-in sign-up allow linked",
            "code=c&iss=i",
        ),
        (
            r#"{"at_delivery":{"done":"leave"}}"#,
            "consent identify pick pin register link handover sign-in allow linked",
            "",
        ),
        (r#"{"stop_at":"register"}"#, "consent identify pick pin register", ""),
    ];
    for (decisions, ids, to) in cases {
        let found = pages(&with_mailbox(), decisions).await;
        assert_eq!((found.0.as_str(), found.1.as_str()), (ids, to), "{decisions}");
    }
}

#[tokio::test]
async fn whoever_has_no_mailbox_signs_up_and_later_signs_in() {
    let sites = Sites::new();
    let person = Person { has_account: false, ..hanako() };
    let first = walk(&sites, &person, "{}").await.unwrap();
    assert!(first.page_ids().join(" ").ends_with("sign-in sign-up allow linked"));
    // The account is there now, whatever the person thinks.
    let again = walk(&sites, &person, "{}").await.unwrap();
    assert!(
        again.page_ids().join(" ").ends_with("sign-in sign-up sign-up sign-in allow linked"),
        "{:?}",
        again.page_ids()
    );
    // And the other way round.
    let other = walk(&Sites::new(), &hanako(), "{}").await.unwrap();
    assert!(other.page_ids().join(" ").ends_with("sign-in sign-in sign-up allow linked"), "{:?}", other.page_ids());
}

#[tokio::test]
async fn double_clicks_send_twice_and_reloads_ask_again() {
    let sites = with_mailbox();
    pages(&sites, r#"{"double_submit":true,"reload":true}"#).await;
    assert_eq!(sites.count("POST", "/agree"), 2);
    assert_eq!(sites.count("GET", "/register"), 2);
    assert_eq!(sites.count("GET", "/callback"), 2);
}

#[tokio::test]
async fn what_cannot_be_walked_is_told() {
    let sites = with_mailbox();
    let unknown = walk(&sites, &hanako(), r#"{"cards":["nobody"]}"#).await;
    assert!(matches!(unknown, Err(DriveError::UnknownPerson(id)) if id == "nobody"));
    let fault = walk(&sites, &hanako(), r#"{"faults":["no_such_fault"]}"#).await.unwrap_err();
    assert_eq!(fault.to_string(), "the form of pick on pick takes no such fault");
    let blank = drive(&mut citizen(&sites), &format!("{PORTAL}/blank"), &hanako(), &Decisions::default(), &jun).await;
    assert_eq!(blank.unwrap_err().to_string(), "nothing to do on the page error (status 200): error");
    assert!(serde_json::from_str::<Decisions>(r#"{"consnet":"refuse"}"#).is_err());
}

//! Samples of the citizen's page, for the test that renders every page in both languages.

use base::Timestamp;
use journey::CardFailure;
use pki::Purpose;
use web::testing::Sample;

use super::Standing;
use super::grants::GrantCard;
use super::index::{LinkageCard, MePage, Past};
use super::linkage::LinkagePage;
use super::unlink::{UnlinkPage, UnlinkedPage};
use crate::sign_in::{Next, SignInPage, SignedInPage, Trouble};
use crate::sso::Over;

const NOW: Timestamp = Timestamp::from_secs(1_795_438_800);

/// A name that must not break anything: variation selectors, markup.
const NAME: &str = "葛\u{E0100}城\u{E0101} <b>&\"麟太郎\"";

fn standings() -> [Standing; 3] {
    let plain = |state, kind| Standing { state, kind, until: None, note: None };
    let maintenance =
        Standing { until: Some(NOW), note: Some("年末の作業".into()), ..plain("maintenance", "warning") };
    [plain("linked", "success"), maintenance, plain("suspended", "error")]
}

fn card(standing: Standing) -> LinkageCard {
    LinkageCard {
        id: format!("lnk_{}", standing.state),
        service: "みほんポスト".into(),
        operator: "みほん社".into(),
        can_open: standing.state == "linked",
        last_used_at: (standing.state == "linked").then_some(NOW),
        standing,
        linked_at: NOW,
        through: "みほん確定申告".into(),
    }
}

fn index(full: bool) -> Sample {
    Sample::new(move |visit| {
        let past = |by| Past { service: "みほんポスト".into(), linked_at: Some(NOW), ended_at: Some(NOW), by };
        let grant = GrantCard {
            client_id: "cl_1".into(),
            name: "みほん確定申告".into(),
            items: vec!["証明書等".into(), "状態".into()],
            until: NOW,
        };
        visit.page("me/index.html", "me").with(MePage {
            name: NAME.into(),
            revoked: full,
            linkages: if full { standings().map(card).into() } else { Vec::new() },
            past: if full { ["citizen", "delivery", "replaced"].map(past).into() } else { Vec::new() },
            grants: if full { vec![grant] } else { Vec::new() },
        })
    })
}

fn linkage(n: usize) -> Sample {
    Sample::new(move |visit| {
        let standing = standings()[n].clone();
        let page = LinkagePage {
            name: NAME.into(),
            id: "lnk_1".into(),
            delivery: "みほんポスト".into(),
            operator: "みほん社".into(),
            host: "post.example".into(),
            can_open: standing.state == "linked",
            standing,
            linked_at: NOW,
            last_used_at: (n == 0).then_some(NOW),
            through: "みほん確定申告".into(),
        };
        visit.page("me/linkage.html", "linkage").back("/me").with(page)
    })
}

fn unlink(fresh: bool) -> Sample {
    Sample::new(move |visit| {
        let page = UnlinkPage { name: NAME.into(), id: "lnk_1".into(), delivery: "みほんポスト".into(), fresh };
        visit.page("me/unlink.html", "unlink").with(page)
    })
}

fn unlinked(by: &'static str) -> Sample {
    Sample::new(move |visit| {
        let page = UnlinkedPage { name: NAME.into(), delivery: "みほんポスト".into(), ended_at: Some(NOW), by };
        visit.page("me/unlinked.html", "unlinked").with(page)
    })
}

/// Sign-in, for every purpose, after everything that can go wrong.
fn sign_in() -> Vec<Sample> {
    let failures = [
        CardFailure::NotRead,
        CardFailure::OtherCard,
        CardFailure::TooLate,
        CardFailure::Cancelled,
        CardFailure::PinLocked,
        CardFailure::CertExpired { not_after: Some(NOW) },
        CardFailure::CertRevoked,
        CardFailure::ValidityUnknown,
        CardFailure::OtherPerson,
        CardFailure::Renewed,
    ];
    let mut troubles = vec![None, Some(Trouble::NotRegistered)];
    troubles.extend(failures.map(|why| Some(Trouble::Card(why))));
    let mut all = Vec::new();
    for (next, purpose, delivery) in [
        ("/me", Purpose::SignIn, None),
        ("/sso/post/req", Purpose::SignIn, Some("みほんポスト")),
        ("/me/linkages/lnk_1/unlink", Purpose::Unlink, None),
    ] {
        all.extend(troubles.iter().copied().map(|trouble| {
            Sample::new(move |visit| {
                let next = Next::parse(next).unwrap();
                SignInPage::new(&next, purpose, trouble, delivery.map(str::to_owned)).page(visit)
            })
        }));
    }
    all.push(Sample::new(|visit| {
        let context = SignedInPage { next: "/sso/post/req".into(), delivery: "みほんポスト".into() };
        visit.page("me/signed-in.html", "signed-in").with(context)
    }));
    all.push(Sample::new(|visit| visit.page("me/sso-over.html", "done").with(Over {})));
    all
}

/// Every page in every state.
pub(crate) fn samples() -> Vec<Sample> {
    let mut all = vec![index(false), index(true), unlink(true), unlink(false)];
    all.extend(sign_in());
    all.extend((0..3).map(linkage));
    all.extend(["citizen", "delivery", "replaced"].map(unlinked));
    all
}

/// What the contract of the pages promises, and that the service's name stands where it should (the
/// layout has a variable of its own called `service`).
#[test]
fn pages_name_the_service_and_have_their_acts() {
    use std::collections::BTreeSet;

    use base::Lang;
    use web::{Origin, Site};

    let mut site = Site::builder("portal", Origin::parse("https://portal.example").unwrap());
    for list in [super::TEMPLATES, crate::sign_in::TEMPLATES, crate::sso::TEMPLATES] {
        site = site.templates(list);
    }
    for (ja, en) in crate::TEXTS {
        site = site.texts(Lang::Ja, ja).texts(Lang::En, en);
    }
    let site = site.build().unwrap();
    let render = |sample: Sample| {
        let html = (sample.0)(&site.visit(Lang::Ja)).html().unwrap();
        let main = html.split("<main").nth(1).unwrap().to_owned();
        let acts: BTreeSet<_> =
            main.split("data-act=\"").skip(1).map(|t| t.split('"').next().unwrap().to_owned()).collect();
        (main, acts)
    };
    let has = |sample: Sample, acts: &[&str]| {
        let (main, found) = render(sample);
        assert_eq!(found, acts.iter().map(|a| (*a).to_owned()).collect());
        main
    };
    has(index(true), &["open", "unlink", "revoke"]);
    assert!(has(index(false), &[]).contains("連携しているサービスはありません"));
    for (sample, acts) in [
        (linkage(0), &["open", "unlink"][..]),
        (linkage(2), &["unlink"]),
        (unlink(true), &["confirm", "keep"]),
        (unlink(false), &["identify", "keep"]),
        (unlinked("citizen"), &["home"]),
    ] {
        assert!(has(sample, acts).contains("みほんポストとの連携"));
    }
    let pages: Vec<_> = sign_in().into_iter().map(render).collect();
    assert!(pages.iter().any(|(main, acts)| main.contains("みほんポストを開くには") && acts.contains("cancel")));
    assert!(pages.iter().any(|(main, acts)| main.contains("みほんポストに移動します") && acts.contains("next")));
}

//! What the demo says when it is ready.

use std::time::Duration;

use base::Lang;
use serde_json::json;

use super::files::{Demo, Part};
use super::{DELIVERY_ID, SECOND_ID, procedures};

pub(super) fn announcement(demo: &Demo) -> serde_json::Value {
    let people: Vec<_> = pki::people::PEOPLE
        .iter()
        .map(|p| {
            json!({
                "id": p.id,
                "name": p.name_in(Lang::Ja),
                "name_en": p.name_in(Lang::En),
                "case": p.case.as_str(),
                "pin": p.pin,
                "mailbox": p.email(),
                "password": pki::people::MAILBOX_PASSWORD,
            })
        })
        .collect();
    json!({
        "portal": demo.origin(Part::Portal),
        "delivery": demo.origin(Part::Delivery),
        "second_delivery": demo.origin(Part::Second),
        "sample": demo.origin(Part::Sample),
        "cards": demo.origin(Part::Cards),
        "desk": demo.origin(Part::Desk),
        "production_portal": demo.origin(Part::LivePortal),
        "production_delivery": demo.origin(Part::LiveDelivery),
        "production_cards": demo.origin(Part::LiveCards),
        "new_sample": demo.origin(Part::NewSample),
        "staff": procedures::STAFF.iter().map(|s| json!({
            "email": s.email, "password": procedures::PASSWORD, "totp_secret": procedures::totp_text(), "roles": s.roles(),
        })).collect::<Vec<_>>(),
        "owner": { "email": procedures::OWNERS[0], "password": procedures::PASSWORD },
        "delivery_id": DELIVERY_ID,
        "second_delivery_id": SECOND_ID,
        "data": demo.data,
        "people": people,
    })
}

pub(super) fn greet(demo: &Demo, took: Duration) {
    let (portal, delivery) = (demo.origin(Part::Portal), demo.origin(Part::Delivery));
    let (sample, cards) = (demo.origin(Part::Sample), demo.origin(Part::Cards));
    let (desk, second) = (demo.origin(Part::Desk), demo.origin(Part::Second));
    let (live, new) = (demo.origin(Part::LivePortal), demo.origin(Part::NewSample));
    let staff: String =
        procedures::STAFF.iter().map(|s| format!("     {:<28} {}\n", s.email, s.roles().join(", "))).collect();
    println!(
        "
縁 Enishi is ready ({:.1} s). Ctrl-C stops it; the next start goes on where it was.

  sample service     {sample}
  portal             {portal}/me
  delivery service   {delivery}
  a second one       {second}
  test cards         {cards}
  desk               {desk}   (e-mails: {desk}/outbox; staff: {desk}/staff)
  production         {live}/me   (a portal of its own; see docs/desk-demo.md)
  a new service      {new}   (to be admitted to production)

Things to try:

  1. Open {sample}, press 「もっとつながる（外部サイト連携）」 and go through as 佐藤 花子
     (card PIN 1111; mailbox hanako@example.jp, password {}). You come back linked, with certificates.
  2. Open {portal}/me with the card of 高橋 陽子 (PIN 3333) and open the mailbox with one press:
     signed in, no password. Unlink it, and see both sides know.
  3. Start again at {sample} and let something go wrong: a locked card (渡辺 隆, 6666), a revoked
     certificate (伊藤 美香, 5555), 「連携をやめる」, or refuse at the delivery service.

  4. Tick both services at {sample} and link both mailboxes in one run; or refuse at one of them,
     and keep the other.

  5. The desk: register at {desk}, or sign in as {owner}. Staff at {desk}/staff, password for all
     {password}, authenticator secret {totp}
     (its code of the moment: `enishi desk code {totp}`):
{staff}
Developers: {portal}/.well-known/openid-configuration, {portal}/openapi.json, README.md.
",
        took.as_secs_f32(),
        pki::people::MAILBOX_PASSWORD,
        owner = procedures::OWNERS[0],
        password = procedures::PASSWORD,
        totp = procedures::totp_text(),
    );
}

//! PIN tries left on each card. A card without a row is as it was handed out.

use pki::Person;
use pki::people::Case;
use store::{Result, Tx, params};

store::statements! {
    FIND = "SELECT tries_left FROM card_pins WHERE person = $1";
    INSERT = "INSERT INTO card_pins (person, tries_left) VALUES ($1, $2) ON CONFLICT (person) DO NOTHING";
    MISS = "UPDATE card_pins SET tries_left = tries_left - 1 WHERE person = $1 AND tries_left > 0 RETURNING tries_left";
    HIT = "UPDATE card_pins SET tries_left = $2 WHERE person = $1 AND tries_left > 0";
    CLEAR = "DELETE FROM card_pins";
}

/// Misses in a row that lock the PIN of a user-authentication certificate.
pub(crate) const TRIES: i64 = 3;

const fn initial(person: &Person) -> i64 {
    match person.case {
        Case::PinLocked => 0,
        Case::OneTryLeft => 1,
        _ => TRIES,
    }
}

/// How many tries are left; 0 is locked.
pub(crate) fn left(tx: &mut Tx<'_>, person: &Person) -> Result<i64> {
    match tx.query_opt(FIND, &params![person.id])? {
        Some(row) => row.int(0),
        None => Ok(initial(person)),
    }
}

/// A PIN was entered. Gives the tries left afterwards, or `None` when the PIN was locked before.
pub(crate) fn tried(tx: &mut Tx<'_>, person: &Person, correct: bool) -> Result<Option<i64>> {
    let before = left(tx, person)?;
    if before == 0 {
        return Ok(None);
    }
    if correct && before == TRIES {
        return Ok(Some(TRIES));
    }
    tx.execute(INSERT, &params![person.id, initial(person)])?;
    if correct {
        let changed = tx.execute(HIT, &params![person.id, TRIES])?;
        return Ok((changed == 1).then_some(TRIES));
    }
    tx.query_opt(MISS, &params![person.id])?.map(|row| row.int(0)).transpose()
}

/// Puts all cards back into the state they were handed out in.
pub(crate) fn reset(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute(CLEAR, &[]).map(drop)
}

//! What the portal knows of a citizen.

use serde::{Deserialize, Serialize};
use store::Sealer;

/// What a citizen told at registration; stored sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// 姓, as typed: any Unicode, variation selectors included.
    pub family_name: String,
    /// 名
    pub given_name: String,
    /// Where notices of this portal may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

const COLUMN: &str = "citizens.profile";

impl Profile {
    /// 姓 and 名 with a space between.
    pub fn name(&self) -> String {
        format!("{} {}", self.family_name, self.given_name)
    }

    /// Enough of the name for its owner to recognise it; this is what delivery services get to show.
    pub fn masked(&self) -> String {
        base::mask::name(&self.name())
    }

    /// Sealed for `citizens.profile`.
    ///
    /// # Errors
    /// The cipher.
    pub fn seal(&self, sealer: &Sealer) -> store::Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|e| store::Error::Refused(e.to_string()))?;
        sealer.seal(COLUMN, &json)
    }

    /// The reverse of [`Profile::seal`].
    ///
    /// # Errors
    /// Sealed with another key, or changed.
    pub fn open(sealer: &Sealer, sealed: &[u8]) -> store::Result<Self> {
        serde_json::from_slice(&sealer.open(COLUMN, sealed)?).map_err(|e| store::Error::inconsistent(COLUMN, e))
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_and_masks() {
        let sealer = Sealer::new(&base::Secret::new([1; 32]), base::Rng::seeded(1)).unwrap();
        let p = Profile { family_name: "葛\u{E0100}城\u{E0101}".into(), given_name: "麟太郎".into(), email: None };
        let sealed = p.seal(&sealer).unwrap();
        assert!(!sealed.windows(3).any(|w| w == "葛".as_bytes()));
        assert!(Profile::open(&sealer, &sealed).unwrap() == p);
        assert_eq!(p.masked(), "葛\u{E0100}＊ 麟＊");
        assert_eq!(format!("{p:?}"), "Profile");
    }
}

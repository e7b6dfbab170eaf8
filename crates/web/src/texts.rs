//! Texts every site has.

use base::Lang;

/// Sources of the shared texts.
pub(crate) const SHARED: [(Lang, &str); 2] =
    [(Lang::Ja, include_str!("../texts/ja.ftl")), (Lang::En, include_str!("../texts/en.ftl"))];

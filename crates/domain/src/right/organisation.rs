//! Organisations (组织机构) as a tree.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Area;
use crate::id::OrganisationCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What an organisation is (机构类型).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum OrganisationKind {
            $($(#[$doc])* $name,)*
        }

        impl OrganisationKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word of the pack, the store and the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// 市生态环境局, and its own offices.
    Bureau = "bureau";
    /// 县（市、区）分局.
    Branch = "branch";
    /// 其他部门.
    Department = "department";
    /// 乡镇（街道）.
    Township = "township";
    /// 园区.
    Park = "park";
    /// 企业.
    Enterprise = "enterprise";
    /// 银行.
    Bank = "bank";
    /// 保险机构.
    Insurer = "insurer";
    /// 村（社区）.
    Village = "village";
    /// 专家机构.
    ExpertBody = "expert_body";
    /// 联盟城市.
    AllianceCity = "alliance_city";
    /// 第三方服务机构, for example one that maintains stations.
    Contractor = "contractor";
    /// 市民: where light accounts belong.
    Public = "public";
}

impl OrganisationKind {
    /// Reads [`OrganisationKind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.as_str() == word)
    }
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Code: letters, digits, `-` and `_`.
    pub code: OrganisationCode,
    /// The one above it; none at the top.
    pub parent: Option<OrganisationCode>,
    /// Kind.
    pub kind: OrganisationKind,
    /// What it looks after: `*` is the whole city, a code is a county, empty is no area at all.
    pub area: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
}

impl Organisation {
    /// The word for the whole city.
    pub const WHOLE_CITY: &'static str = "*";

    /// What it looks after.
    pub fn area(&self) -> Area {
        match self.area.as_str() {
            "" => Area::default(),
            Self::WHOLE_CITY => Area::Everywhere,
            county => Area::Counties(BTreeSet::from([county.to_owned()])),
        }
    }
}

/// Why a tree is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// Two have one code.
    #[error("organisation {0} is there already")]
    Twice(OrganisationCode),
    /// The one above is unknown.
    #[error("organisation {0}: parent: no such code {1}")]
    NoParent(OrganisationCode, OrganisationCode),
    /// It is above itself.
    #[error("organisation {0} is above itself")]
    Circle(OrganisationCode),
}

/// All organisations. It is whole: every parent is there, and nothing is above itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<OrganisationCode, Organisation>);

impl Tree {
    /// Builds it.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn new(all: impl IntoIterator<Item = Organisation>) -> Result<Self, Vec<TreeFault>> {
        let (mut tree, mut faults) = (BTreeMap::new(), Vec::new());
        for one in all {
            if let Some(twice) = tree.insert(one.code.clone(), one) {
                faults.push(TreeFault::Twice(twice.code));
            }
        }
        let tree = Self(tree);
        for one in tree.0.values() {
            if let Some(parent) = &one.parent
                && !tree.0.contains_key(parent)
            {
                faults.push(TreeFault::NoParent(one.code.clone(), parent.clone()));
            }
            if tree.above(&one.code).any(|o| o.parent.as_ref() == Some(&one.code)) {
                faults.push(TreeFault::Circle(one.code.clone()));
            }
        }
        if faults.is_empty() { Ok(tree) } else { Err(faults) }
    }

    /// One by its code.
    pub fn get(&self, code: &OrganisationCode) -> Option<&Organisation> {
        self.0.get(code)
    }

    /// All of them, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Organisation> {
        self.0.values()
    }

    /// It, the one above it, and so on to the top.
    pub fn above(&self, code: &OrganisationCode) -> impl Iterator<Item = &Organisation> {
        let begin = self.0.get(code);
        // a circle is walked once
        std::iter::successors(begin, |o| o.parent.as_ref().and_then(|p| self.0.get(p))).take(self.0.len())
    }

    /// It and everything below it.
    pub fn below(&self, code: &OrganisationCode) -> BTreeSet<OrganisationCode> {
        let under = |o: &&Organisation| self.above(&o.code).any(|a| a.code == *code);
        self.0.values().filter(under).map(|o| o.code.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(code: &str, parent: &str) -> Organisation {
        Organisation {
            code: code.into(),
            parent: (!parent.is_empty()).then(|| parent.into()),
            kind: OrganisationKind::Branch,
            area: String::new(),
            name_zh: code.into(),
            name_en: code.into(),
        }
    }

    #[test]
    fn below_is_all_the_way_down() {
        let tree =
            Tree::new([one("city", ""), one("kc", "city"), one("town", "kc"), one("qj", "city"), one("bank", "")]);
        let tree = tree.expect("whole");
        let check = |code: &str, expected: &[&str]| {
            let below = tree.below(&code.into());
            assert_eq!(below.iter().map(OrganisationCode::as_str).collect::<Vec<_>>(), expected, "{code}");
        };
        check("city", &["city", "kc", "qj", "town"]);
        check("kc", &["kc", "town"]);
        check("bank", &["bank"]);
        check("none", &[]);
        let above: Vec<_> = tree.above(&"town".into()).map(|o| o.code.to_string()).collect();
        assert_eq!(above, ["town", "kc", "city"]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let faults = |all: Vec<Organisation>| Tree::new(all).expect_err("refused");
        assert_eq!(faults(vec![one("a", "b")]), [TreeFault::NoParent("a".into(), "b".into())]);
        assert_eq!(faults(vec![one("a", ""), one("a", "")]), [TreeFault::Twice("a".into())]);
        let round = faults(vec![one("a", "b"), one("b", "a"), one("c", "b")]);
        assert_eq!(round, [TreeFault::Circle("a".into()), TreeFault::Circle("b".into())]);
        assert_eq!(faults(vec![one("a", "a")]), [TreeFault::Circle("a".into())]);
    }
}

//! Rights (权限): who may do what to which rows.
//!
//! Three things decide, and each is data: the tree of organisations ([`Tree`]), the posts people hold in it ([`Seat`]), and one
//! table that says how far each role reaches with each right ([`Rights`], `rights/`). A [`Caller`] is made of them once for each
//! request; [`Caller::scope`] turns a right into the rows it covers, and whatever keeps rows asks for a `Caller`, so that nothing is
//! read or changed without one.
//!
//! Reaches lie inside one another: what is a person's own, what is their unit's, what lies in their unit's area, everything.

mod caller;
mod organisation;
mod role;
mod table;

pub use caller::{Area, Caller, Held, Scope, Seat, Ties};
pub use organisation::{Organisation, OrganisationKind, Tree, TreeFault};
pub use role::{Group, Role};
pub use table::{Reach, Right, RightRow, Rights, RightsError, RoleRow, Seeker};

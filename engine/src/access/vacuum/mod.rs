//! VACUUM.
mod page;
pub(super) use page::{free_line_pointers, freeze_tuple};

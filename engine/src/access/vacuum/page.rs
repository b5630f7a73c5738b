//! Page work.
use crate::ids::OffsetNumber;
use crate::storage::page::ItemId;
use crate::storage::{PageBytes, compact, page, tuple};
use crate::wal::heap2_records::FreezePlan;

/// Gives dead line pointers back to the page, and cuts off those at its end; redo does just this.
pub(in crate::access) fn free_line_pointers(bytes: &mut PageBytes, unused: &[OffsetNumber]) {
    unused.iter().for_each(|offset| page::set_item_id(bytes, *offset, ItemId::UNUSED));
    compact::truncate_line_pointer_array(bytes);
}

/// `heap_execute_freeze_tuple`: writes into a version's header what freezing leaves of it; redo does just this.
pub(in crate::access) fn freeze_tuple(version: &mut [u8], plan: &FreezePlan) {
    tuple::set_xmax(version, plan.xmax);
    tuple::set_infomask(version, plan.infomask);
    tuple::set_infomask2(version, plan.infomask2);
}

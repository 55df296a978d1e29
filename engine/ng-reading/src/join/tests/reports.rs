//! Events whose heading says no more than when and how severe.

use super::check;

#[test]
fn a_report_of_erlang_is_one_event() {
    check(
        "
+=INFO REPORT==== 22-Nov-2026::13:02:03.101234 ===
     application: shop
     exited: stopped
+=ERROR REPORT==== 22-Nov-2026::13:02:04.101234 ===
 ** Generic server shop_cart terminating
 ** Reason for termination ==
 ** {no_stock,4711}

+=WARNING REPORT==== 2-Nov-2026::13:02:05 ===
 one line",
    );
}

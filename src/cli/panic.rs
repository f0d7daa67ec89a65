//! A defect of our own ends the process, in every task and every build: a worker that is half dead would be worse. Its words
//! may hold what a record holds, so they are not shown; the place is.

use std::io::Write as _;
use std::panic::PanicHookInfo;

/// From now on a panic anywhere tells its place and aborts.
pub(super) fn end_the_process() {
    std::panic::set_hook(Box::new(|info| {
        // Where stderr is gone, nobody can be told.
        let _ = writeln!(std::io::stderr(), "{}", told(info));
        std::process::abort();
    }));
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    // A constant of the program; what was put together at run time is a String.
    let words = info.payload().downcast_ref::<&'static str>();
    let words = words.map_or_else(String::new, |words| format!(": {words}"));
    format!(
        "error: a defect of crosscheck at {place}, thread {thread}{words}\n\
         hint: nothing that is stored is wrong, and a restart goes on from there; please report the place"
    )
}

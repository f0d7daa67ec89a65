//! How a process ends whose threads do not all end before it.

use std::process::Command;

use super::bad_input::Program;
use super::bad_input::log::Cluster;

/// Tells what of OpenSSL the C library is asked to call when the process ends.
const WATCH: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

__attribute__((constructor)) static void begin(void) { fprintf(stderr, "watched\n"); }

int __cxa_atexit(void (*call)(void *), void *with, void *library) {
    int (*next)(void (*)(void *), void *, void *) = dlsym(RTLD_NEXT, "__cxa_atexit");
    Dl_info of;
    if (dladdr((void *)call, &of) && of.dli_fname && (strstr(of.dli_fname, "libcrypto") || strstr(of.dli_fname, "libssl")))
        fprintf(stderr, "at exit: %s\n", of.dli_sname ? of.dli_sname : of.dli_fname);
    return next(call, with, library);
}
"#;

/// Seen as `malloc_consolidate(): invalid chunk size`: the thread that had opened the logs ended while OpenSSL was torn down,
/// and both freed what OpenSSL kept for that thread. Nothing is torn down any more.
#[test]
#[cfg(target_os = "linux")]
fn openssl_is_not_torn_down_under_threads_that_still_run() {
    let (cluster, program) = (Cluster::new(), Program::new());
    program.write("watch.c", WATCH);
    let library = program.path("watch.so").display().to_string();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", &library])
        .arg(program.path("watch.c"))
        .arg("-ldl")
        .status()
        .expect("librdkafka needs a C compiler too");
    assert!(built.success());
    let program = program.with("LD_PRELOAD", &library);
    let ran = program.run(&format!(
        "reconcile {} --format json --identity field:id",
        cluster.sources()
    ));
    assert!(ran.log.starts_with("watched\n"), "{}", ran.log);
    assert_eq!(ran.code, Some(3), "{}", ran.log);
    assert!(!ran.log.contains("at exit: "), "{}", ran.log);
}

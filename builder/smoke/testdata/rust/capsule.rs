// A capsule in Rust without a bindings generator: it counts the payload's bytes.
#[link(wasm_import_module = "astrid:sys/host@1.0.0")]
extern "C" {
    #[link_name = "log"]
    fn log(level: i32, text: *const u8, len: usize);
}

#[repr(C)]
pub struct Answer {
    action: *const u8,
    action_len: usize,
    some: u8,
    data: *const u8,
    data_len: usize,
}

#[export_name = "cabi_realloc"]
pub unsafe extern "C" fn realloc(old: *mut u8, old_size: usize, align: usize, size: usize) -> *mut u8 {
    use std::alloc::{alloc, realloc, Layout};
    if old_size == 0 {
        return alloc(Layout::from_size_align_unchecked(size.max(1), align));
    }
    realloc(old, Layout::from_size_align_unchecked(old_size, align), size)
}

#[export_name = "astrid-hook-trigger"]
pub unsafe extern "C" fn trigger(action: *mut u8, len: usize, payload: *mut u8, payload_len: usize) -> *const Answer {
    let action = String::from_raw_parts(action, len, len);
    log(2, action.as_ptr(), action.len());
    if action == "trap" {
        panic!("asked to trap");
    }
    let text = format!("{} bytes at {:p}", payload_len, payload).replace(|c: char| !c.is_ascii(), "").split(" at").next().unwrap().to_string().into_bytes().into_boxed_slice();
    let answer = Answer { action: b"continue".as_ptr(), action_len: 8, some: 1, data: text.as_ptr(), data_len: text.len() };
    std::mem::forget(text);
    Box::into_raw(Box::new(answer))
}

#[export_name = "astrid-install"]
pub extern "C" fn install() {}

//! A capsule in Rust without crates, written against the canonical ABI by hand.
#![crate_type = "cdylib"]

#[link(wasm_import_module = "astrid:guest/host@1.0.0")]
extern "C" {
    #[link_name = "log"]
    fn host_log(level: u32, text: *const u8, length: usize);
    #[link_name = "open"]
    fn host_open(path: *const u8, length: usize, result: *mut u32);
}

#[repr(C)]
pub struct Outcome {
    action: *const u8,
    length: usize,
    some: u8,
    data: *const u8,
    data_length: usize,
}

#[export_name = "cabi_realloc"]
pub unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, size: usize) -> *mut u8 {
    use std::alloc::{alloc, realloc, Layout};
    if size == 0 {
        return align as *mut u8;
    }
    if old_size == 0 {
        return alloc(Layout::from_size_align_unchecked(size, align));
    }
    realloc(old, Layout::from_size_align_unchecked(old_size, align), size)
}

#[export_name = "astrid-hook-trigger"]
pub unsafe extern "C" fn trigger(action: *const u8, length: usize, payload: *mut u8, size: usize) -> *const Outcome {
    let text = format!("{} bytes of payload", size);
    host_log(2, text.as_ptr(), text.len());
    let mut area = [0u32; 4];
    host_open(action, length, area.as_mut_ptr());
    if area[0] == 7 {
        panic!("the host answered {:?}", std::slice::from_raw_parts(payload, size));
    }
    let action = String::from("continue").into_boxed_str();
    let action: &'static str = Box::leak(action);
    Box::leak(Box::new(Outcome { action: action.as_ptr(), length: action.len(), some: 0, data: std::ptr::null(), data_length: 0 }))
}

#[export_name = "run"]
pub extern "C" fn run() {}

//! Randomness for what must differ from tab to tab.

/// 64 random bits, from the browser's generator (Web Cryptography API, section 10.1.1), or else from
/// `Math.random`. It names a replica: two alike would be a fault, one that is guessed is none.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn bits() -> u64 {
    use js_sys::{Math, Reflect, Uint32Array};
    use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

    #[wasm_bindgen]
    extern "C" {
        type Crypto;

        #[wasm_bindgen(method, catch, js_name = getRandomValues)]
        fn get_random_values(this: &Crypto, array: &Uint32Array) -> Result<JsValue, JsValue>;
    }

    let halves = Uint32Array::new_with_length(2);
    let filled = Reflect::get(&js_sys::global(), &JsValue::from_str("crypto"))
        .and_then(|crypto| crypto.unchecked_into::<Crypto>().get_random_values(&halves));
    let half = |index| match &filled {
        Ok(_) => u64::from(halves.get_index(index)),
        Err(_) => (Math::random() * 4_294_967_296.0) as u64,
    };
    (half(0) << 32) | half(1)
}

/// 64 random bits, from the keys of the standard library's hash maps.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn bits() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};

    RandomState::new().build_hasher().finish()
}

/** What `js/store` (Rust) exports, as wasm-bindgen writes it next to the built `store.js`. */

import type { Handle, StateErrorCode } from "../protocol.js";

export default function init(options?: {
  module_or_path: string | URL | Request | Response | BufferSource | WebAssembly.Module | undefined;
}): Promise<unknown>;
export function open(
  name: string,
  engine: string,
  backend: string,
  prefix: string,
  tabs: boolean,
  report: (message: string, code: StateErrorCode, key: string | undefined) => void,
): Handle;
export function isLoading(name: string): boolean;
export function close(name: string): boolean;

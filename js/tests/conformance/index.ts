/**
 * The handle's conformance: the promises of the Rust suite (`tests/conformance/`), by the same
 * names, as far as a script can ask for them, and those that only a script can ask for. Left out is
 * what the handle has no door to: middleware, computed and loaded values, fields, collections,
 * histories, labels, grants, exchanges of the engine, threads and types.
 */

import { badInput } from "./bad_input.js";
import { batch } from "./batch.js";
import { closing } from "./closing.js";
import { listening } from "./listening.js";
import { mfe } from "./mfe.js";
import { patterns } from "./patterns.js";
import { readingWriting } from "./reading_writing.js";
import { reentrancy } from "./reentrancy.js";
import { snapshot } from "./snapshot.js";
import { subscribing } from "./subscribing.js";

export const conformance = {
  readingWriting,
  batch,
  snapshot,
  listening,
  reentrancy,
  subscribing,
  patterns,
  mfe,
  badInput,
  closing,
};

/** Runs every case in a page, on both engines, with the built package and the wasm store. */

import { declare } from "./page/cases.js";
import { suites } from "./page/suites.js";

declare("main.js", suites);

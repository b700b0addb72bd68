/** Every case there is. Can be imported outside of a browser, to tell the names. */

import { conformance } from "../conformance/index.js";
import { connecting } from "../frameworks/connect.js";
import { element } from "../frameworks/element.js";
import { react } from "../frameworks/react.js";
import { reactTearing } from "../frameworks/react_tearing.js";
import { svelte } from "../frameworks/svelte.js";
import { vue } from "../frameworks/vue.js";
import { guests } from "../hostile/guests.js";
import { enormous, values } from "../hostile/values.js";
import type { Suite } from "./support.js";

/** Those that run in each version of React that the package is for. */
export const ofReact: Readonly<Record<string, Suite>> = { react, reactTearing };

export const suites: Readonly<Record<string, Suite>> = {
  ...conformance,
  values,
  enormous,
  guests,
  connecting,
  ...ofReact,
  vue,
  svelte,
  element,
};

/** The cases of React once more, in the oldest version that the package is for. */

import { declare } from "./page/cases.js";
import { ofReact } from "./page/suites.js";

declare("react-18.js", ofReact, {
  // React 18 throws to the window what a boundary catches, in its development build,
  an_id_that_is_taken_reaches_the_error_boundary: /"shop" is already registered/,
  // and what was thrown in a render that it makes once more and gets right.
  a_micro_frontend_is_registered_once_while_it_is_mounted: /"shop" is not registered any more/,
});

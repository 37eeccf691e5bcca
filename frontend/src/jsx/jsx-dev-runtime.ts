/** As `jsx-runtime`, for the development server and the tests. */
import * as react from "react/jsx-dev-runtime";
import { shown } from "./shown";

export { Fragment, type JSX } from "react/jsx-dev-runtime";

export const jsxDEV: typeof react.jsxDEV = (type, props, ...more) =>
  react.jsxDEV(type, shown(type, props), ...more);

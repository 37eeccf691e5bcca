/** React's own, with the words of every element as they are shown (tsconfig.json, `jsxImportSource`). */
import * as react from "react/jsx-runtime";
import { shown } from "./shown";

export { Fragment, type JSX } from "react/jsx-runtime";

export const jsx: typeof react.jsx = (type, props, key) => react.jsx(type, shown(type, props), key);
export const jsxs: typeof react.jsxs = (type, props, key) =>
  react.jsxs(type, shown(type, props), key);

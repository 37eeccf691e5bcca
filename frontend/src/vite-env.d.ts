/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Address of the API where the page is not served by it; by default the page's own origin. */
  readonly VITE_API_BASE?: string;
}

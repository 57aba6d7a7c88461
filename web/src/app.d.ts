declare global {
  namespace App {}
  interface ImportMetaEnv {
    /** Where the hub is during development, such as `http://localhost:3000`; by default the page's own origin. */
    readonly VITE_HELIX_HUB?: string;
  }
}

export {};

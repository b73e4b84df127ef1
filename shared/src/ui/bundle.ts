/**
 * Vite's settings to bundle the browser code of an app: `sources` holds app.css, main.ts and theme.ts. The server reads
 * the manifest to know the hashed names (web/assets.ts).
 */
export function bundleOf(root: string, sources: string) {
  return {
    root,
    base: "/assets/",
    publicDir: false as const,
    build: {
      outDir: "dist",
      assetsDir: "",
      emptyOutDir: true,
      manifest: "manifest.json",
      target: "es2023",
      // An inlined font would bloat the style sheet that every first visit loads.
      assetsInlineLimit: 0,
      rolldownOptions: { input: ["main.ts", "theme.ts", "app.css"].map((entry) => `${sources}/${entry}`) },
    },
  };
}

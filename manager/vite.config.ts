import { defineConfig } from "vite";

/** Bundles the browser code; the server reads the manifest to know the hashed names. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/assets/",
  publicDir: false,
  build: {
    outDir: "dist",
    assetsDir: "",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    // An inlined font would bloat the style sheet that every first visit loads.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: ["src/dashboard/main.ts", "src/dashboard/theme.ts", "src/dashboard/app.css"],
    },
  },
});

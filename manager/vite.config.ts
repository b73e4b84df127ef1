import { bundleOf } from "@elastic-gas/shared/ui/bundle";
import { defineConfig } from "vite";

export default defineConfig(bundleOf(import.meta.dirname, "src/dashboard"));

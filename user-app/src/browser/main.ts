import { mountThemeToggle } from "@elastic-gas/shared/ui/theme";

mountThemeToggle(document);

import "@elastic-gas/shared/ui/theme-early";

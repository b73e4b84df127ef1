// An entry of its own, loaded as a classic script in <head>: the theme is set before the first paint.
import "@elastic-gas/shared/ui/theme-early";

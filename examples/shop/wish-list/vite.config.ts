import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  // A library build leaves these to the page, which sets none.
  define: {
    "process.env.NODE_ENV": JSON.stringify("production"),
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  // `universal-state` is linked, and would find a Vue of its own beside its sources.
  resolve: { dedupe: ["vue"] },
  build: {
    lib: { entry: "src/main.ts", formats: ["es"], fileName: () => "wish-list.js" },
    target: "es2022",
    // A library in ES modules is left readable for those who bundle it again. Nobody does with this one.
    rolldownOptions: { output: { minify: true } },
  },
});

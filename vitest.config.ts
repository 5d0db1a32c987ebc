import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Without this vite bundles one copy of graphql and node loads another: "from another module or realm".
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Fails a test file when a log of the product holds a secret.
    setupFiles: ['test/support/watchLogs.ts'],
    globalSetup: ['test/support/setupPackages.ts', 'test/support/buildProduct.ts'],
    // The keys of the embedded Cognito; the SDK finds them as it finds real ones.
    env: {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/client/generated/**'] },
  },
});

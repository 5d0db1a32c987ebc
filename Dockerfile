# The packages that the service needs at run time, and nothing of its tests.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

# Compiler, bundler and Node's types, in the versions of package.json, beside the packages and not among them.
FROM packages AS build
RUN npm install --prefix /compiler --ignore-scripts $(node -p "const { devDependencies: d } = require('./package.json'); ['typescript', 'esbuild', '@types/node'].map((name) => name + '@' + d[name]).join(' ')")
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN /compiler/node_modules/.bin/tsc -p tsconfig.build.json --typeRoots /compiler/node_modules/@types --incremental false && PATH=/compiler/node_modules/.bin:$PATH npm run --silent bundle

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY schema schema
# Writes nothing but standard output, so the file system may be read-only.
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]

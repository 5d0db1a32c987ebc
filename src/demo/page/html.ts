/** The demo page. No inline script or style, so that its content security policy can forbid them. */
export const pageHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>cognito-graphql: your own login in, AWS credentials out</title>
<meta name="description" content="Demo of cognito-graphql: a login of your own becomes AWS credentials, over GraphQL.">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/demo/assets/page.css">
<script type="module" src="/demo/assets/demo/page/page.js"></script>
</head>
<body>
<header>
  <h1>Your own login in, AWS credentials out</h1>
  <p>Everything on this page runs on this machine: the login, the GraphQL API, and an embedded Amazon Cognito with its STS.
  The page uses <code>cognito-graphql/client</code> as an app of yours would.</p>
</header>
<main>
  <noscript><p class="notice">This page shows what a browser does with the client package: it needs JavaScript.</p></noscript>
  <section aria-labelledby="who-title">
    <h2 id="who-title">1. Who are you?</h2>
    <p id="state" role="status">Nobody is signed in.</p>
    <form id="sign-in">
      <label for="user">User name, any at all</label>
      <input id="user" name="user" value="alice" required maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false">
      <div class="buttons">
        <button type="submit" id="sign-in-button">Sign in</button>
        <button type="button" id="guest">Look around as a guest</button>
        <button type="button" id="sign-out" disabled>Sign out</button>
      </div>
    </form>
    <p class="hint">A guest who signs in keeps the identity, if the user has none yet.</p>
  </section>

  <section aria-labelledby="identity-title">
    <h2 id="identity-title">2. Identity</h2>
    <p id="identity" class="value">–</p>
    <p id="linked"></p>
    <table id="seen" hidden>
      <caption>Seen on this page so far</caption>
      <thead><tr><th scope="col">Who</th><th scope="col">Identity</th></tr></thead>
      <tbody></tbody>
    </table>
  </section>

  <section id="graphql" aria-labelledby="graphql-title">
    <h2 id="graphql-title">3. GraphQL</h2>
    <div class="exchange">
      <div>
        <h3 id="request-title">Request</h3>
        <pre id="request" tabindex="0" role="region" aria-labelledby="request-title">–</pre>
      </div>
      <div>
        <h3 id="answer-title">Answer <span id="answer-status"></span></h3>
        <pre id="answer" tabindex="0" role="region" aria-labelledby="answer-title">–</pre>
      </div>
    </div>
  </section>

  <section id="openid" aria-labelledby="token-title">
    <h2 id="token-title">4. OpenID token</h2>
    <p>Time left: <strong id="token-left" role="timer">–</strong></p>
    <pre id="token" tabindex="0" role="region" aria-label="Header and claims of the token">–</pre>
  </section>

  <section aria-labelledby="credentials-title">
    <h2 id="credentials-title">5. AWS credentials</h2>
    <p>Exchanged in this browser at <span id="cognito-endpoint">Cognito</span>. Time left: <strong id="credentials-left" role="timer">–</strong></p>
    <dl>
      <dt>Access key</dt><dd id="access-key" class="value">–</dd>
      <dt>Secret key</dt><dd id="secret-key" class="value">–</dd>
      <dt>Session token</dt><dd id="session-token" class="value">–</dd>
    </dl>
    <button type="button" id="refresh" disabled>Get new credentials</button>
  </section>

  <section aria-labelledby="caller-title">
    <h2 id="caller-title">6. What AWS says</h2>
    <p>STS GetCallerIdentity, signed with these credentials.</p>
    <button type="button" id="call" disabled>Ask STS who I am</button>
    <dl>
      <dt>Assumed role</dt><dd id="caller-arn" class="value">–</dd>
      <dt>Account</dt><dd id="caller-account" class="value">–</dd>
    </dl>
  </section>

  <div id="error" role="alert"></div>
</main>
<footer><p>Secrets and tokens are shortened on screen. Explore the API <a href="/graphql">in Apollo Sandbox</a> or,
without internet, <a href="/explorer">in GraphiQL</a>.</p></footer>
</body>
</html>
`;

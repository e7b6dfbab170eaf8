acc-email = メールアドレス
acc-email-hint = 例：hanako@example.jp
acc-password = パスワード
acc-new-password = 新しいパスワード
acc-current-password = 今のパスワード
acc-password-hint = 12文字以上。文字の種類は問いません。いくつかの言葉をつなげると、長くても覚えやすくなります。
acc-password-set = 設定済み
acc-name = 氏名
acc-name-hint = 画面とメールに表示します。
acc-code = 確認コード（数字6桁）
acc-code-hint = 認証アプリに表示されている数字です。30秒ごとに変わります。
acc-save = 保存する
acc-on = 設定済み
acc-off = 未設定
acc-count = { $n }件
acc-count-left = 残り{ $n }個
acc-home = トップページへ
acc-sign-out = ログアウトする

acc-error-email = メールアドレスを、hanako@example.jp のような形で入力してください。
acc-error-email-same = 今と同じメールアドレスです。新しいメールアドレスを入力してください。
acc-error-name = 氏名を60文字以内で入力してください。「/」「<」「>」「www.」は使えません。
acc-error-password-empty = パスワードを入力してください。
acc-error-password-length = パスワードは、{ $least }文字以上{ $most }文字以内で入力してください。
acc-error-password-common = 推測されやすいパスワードです。ほかの人が使わない、別のパスワードにしてください。
acc-error-password-personal = メールアドレスや氏名とほとんど同じです。別の言葉を加えるか、別のパスワードにしてください。
acc-error-sign-in = メールアドレスかパスワードが違います。確認して、もう一度入力してください。
acc-error-current = パスワードが違います。確認して、もう一度入力してください。
acc-error-too-often = まちがいが続いたため、しばらく受け付けません。15分ほど待ってから、もう一度お試しください。
acc-error-mails-often = メールの送信が続いたため、しばらく受け付けません。15分ほど待ってから、もう一度お試しください。
acc-error-code = 確認コードが違うか、すでに使われています。新しいコードが表示されるのを待って、入力してください。
acc-error-recovery = 回復コードが違うか、すでに使われています。控えを確認して、もう一度入力してください。
acc-error-passkey = パスキーを確認できませんでした。もう一度試すか、ほかの方法を使ってください。
acc-error-new-passkey = パスキーを登録できませんでした。もう一度「パスキーを作成する」を押してください。

acc-register-title = { $service }の利用者登録
acc-register-text = はじめに、メールアドレスを確認します。入力したメールアドレスに、登録を続けるためのリンクを送ります。
acc-register-go = 確認メールを送る
acc-register-again = もう一度、登録を始める
acc-have-account = 登録がお済みの方
acc-no-account = はじめての方
acc-to-register = 利用者登録をする

acc-sent-title = メールを確認してください
acc-sent-register = メールを送りました。メールにあるリンクを開いて、登録を続けてください。リンクは{ $hours }時間、1回だけ使えます。
acc-sent-forgot = このメールアドレスが登録されていれば、パスワードを決め直すためのリンクを送りました。リンクは{ $hours }時間、1回だけ使えます。
acc-sent-missing = 数分たっても届かないときは、迷惑メールのフォルダーと、入力したメールアドレスを確認してください。
acc-sent-outbox = 接続確認環境では、メールを送らずに送信箱に残します。送信箱を開く
acc-sent-again = メールアドレスを入力し直す

acc-new-title = 氏名とパスワードの設定
acc-new-text = メールアドレスを確認しました。氏名を入力し、パスワードを決めてください。
acc-new-go = 登録する

acc-gone-title = このリンクは使えません
acc-gone-text = 有効期限が切れたか、すでに使われています。
acc-gone-register = 登録がまだのときは、もう一度、最初から始めてください。登録が済んでいるときは、そのままログインできます。
acc-gone-reset = 必要なときは、ログイン画面の「パスワードを忘れたとき」から、もう一度メールを送ってください。
acc-gone-email = メールアドレスは変わっていません。必要なときは、アカウントの画面からやり直してください。
acc-gone-invitation = 招待した人に、もう一度招待を送るよう依頼してください。すでに承諾したときは、そのままログインできます。

acc-sign-in-title = { $service }へのログイン
acc-sign-in-staff-title = 職員のログイン
acc-sign-in-go = ログインする
acc-sign-in-passkey = パスキーでログインする
acc-forgot-link = パスワードを忘れたとき
acc-signed-out = ログアウトしました
acc-reset-done = パスワードを変更しました。新しいパスワードでログインしてください。
acc-email-changed = メールアドレスを変更しました。新しいメールアドレスでログインしてください。

acc-second-title = もう一段階の確認
acc-second-text = { $name } さん、ご本人であることを、もう一つの方法で確認します。
acc-second-passkey = パスキーを使う
acc-second-go = 確認する
acc-second-recovery = 認証アプリやパスキーが使えないとき（回復コードを使う）
acc-second-cancel = ログインをやめる
acc-passkey-needs-script = パスキーを使うには、パスキーに対応したブラウザーで、JavaScriptを有効にしてください。使えないときは、認証アプリを使えます。
acc-passkey-failed = パスキーを使えませんでした。もう一度試すか、ほかの方法を使ってください。

acc-recovery-sign-in-title = 回復コードでの確認
acc-recovery-sign-in-text = 認証アプリかパスキーを設定したときに控えた、回復コードを1つ入力してください。使ったコードは、もう使えません。
acc-recovery-code = 回復コード
acc-recovery-code-hint = 例：7K2M-Q9XD-4RTA-0B3C
acc-recovery-none-title = 回復コードもないとき
acc-recovery-none = 本人確認のうえで設定を解除する必要があります。組織の管理者か運営に連絡してください。

acc-forgot-title = パスワードを忘れたとき
acc-forgot-text = 登録したメールアドレスに、パスワードを決め直すためのリンクを送ります。
acc-forgot-go = メールを送る
acc-reset-title = 新しいパスワードの設定
acc-reset-text = 新しいパスワードを決めてください。ほかの端末のログインは、すべて終わります。認証アプリとパスキーの設定は変わりません。
acc-reset-go = パスワードを変更する

acc-account-title = アカウント
acc-profile = 氏名と言語
acc-mail-lang = メールの言語
acc-sign-in-data = ログインの情報
acc-email-waiting = メールアドレスの変更を確認しています
acc-email-waiting-text = 今のメールアドレスと { $email } の両方に送ったリンクを開き、ボタンを押してください。両方が済むと変わります。
acc-done-profile = 保存しました
acc-done-password = パスワードを変更しました。ほかの端末のログインは終わりました。
acc-done-session = ログインを終わらせました
acc-done-email = 確認のメールを2通送りました
acc-factors-change = ログインの確認方法を変える
acc-sessions = ログイン中の端末
acc-sessions-text = 心当たりのないログインがあるときは、終わらせて、パスワードを変更してください。
acc-session-unknown = 不明なブラウザー
acc-session-since = ログイン：
acc-session-seen = 最後の操作：
acc-session-this = この端末
acc-session-end = このログインを終わらせる
acc-sessions-end = この端末以外のログインをすべて終わらせる

acc-password-title = パスワードの変更
acc-password-text = 変更すると、ほかの端末のログインは終わります。
acc-password-go = パスワードを変更する

acc-email-title = メールアドレスの変更
acc-email-text = 今のメールアドレスと新しいメールアドレスの両方に、確認のリンクを送ります。両方で確認すると変わります。今のメールを読めないときは、組織の管理者か運営に連絡してください。
acc-email-now = 今のメールアドレス
acc-email-new = 新しいメールアドレス
acc-email-go = 確認メールを送る
acc-email-link-title = メールアドレスの変更の確認
acc-email-link-old = このアカウントのメールアドレスを、次のものに変えます。
acc-email-link-new = このメールアドレスを、アカウントのメールアドレスにします。
acc-email-agree = 変更に同意する
acc-email-link-not-you = 心当たりがないときは、何もせずにこの画面を閉じてください。メールアドレスは変わりません。
acc-email-done-title = メールアドレスを変更しました
acc-email-done = 次からは、新しいメールアドレスでログインしてください。ログインは、すべて終わりました。
acc-email-half-title = 確認しました
acc-email-half = もう一方のメールアドレスに届いたリンクでも確認すると、変更が終わります。

acc-factors-title = ログインの確認方法
acc-factors-text = パスワードのほかに確認方法を加えると、パスワードを知られても、ほかの人はログインできません。
acc-must = 二つ目の確認方法を設定してください
acc-must-text = 職員は、パスキーか認証アプリを設定するまで、ほかの画面を使えません。
acc-factors-later = 今は設定せずに進む
acc-factors-on = 次へ進む
acc-factor-removed = 確認方法を削除しました
acc-factor-last = 最後の確認方法は削除できません
acc-factor-last-text = 職員には、パスワードのほかに確認方法が必要です。先に別の確認方法を加えてください。
acc-passkeys = パスキー
acc-passkeys-text = 指紋や顔、端末の暗証番号、セキュリティキーでログインする方法です。パスワードの入力がいらず、偽のサイトでは使えないので、最も安全です。
acc-passkey-title = パスキーの登録
acc-passkey-add = パスキーを加える
acc-passkey-name = パスキーの名前
acc-passkey-name-hint = あとで見分けるための名前です。例：仕事用のノートパソコン
acc-passkey-make = パスキーを作成する
acc-passkey-not-made = パスキーを作成できませんでした。もう一度試すか、認証アプリを使ってください。
acc-passkey-exists = この端末のパスキーは、すでに登録されています。
acc-passkey-unnamed = パスキー
acc-passkey-since = 登録：
acc-passkey-used = 最後の利用：
acc-passkey-remove = 「{ $name }」を削除する
acc-totp = 認証アプリ
acc-totp-text = スマートフォンなどのアプリに表示される6桁の数字を、パスワードに続けて入力する方法です。
acc-totp-add = 認証アプリを設定する
acc-totp-remove = 認証アプリの設定を削除する
acc-totp-title = 認証アプリの設定
acc-totp-step-1 = 認証アプリ（TOTPに対応するもの）を開きます。
acc-totp-step-2 = アプリで2次元コードを読み取ります。読み取れないときは、「設定キー」を入力します。
acc-totp-step-2-text = アプリに「設定キー」を入力します。種類は「時間ベース」です。
acc-totp-step-3 = アプリに表示された6桁の数字を、下に入力します。
acc-totp-qr = 認証アプリで読み取る2次元コード。読み取れないときは、次の設定キーを使ってください。
acc-totp-secret = 設定キー
acc-totp-open = この端末の認証アプリで開く
acc-totp-go = 設定する

acc-recovery-codes = 回復コード
acc-recovery-title = 回復コード
acc-recovery-open = 回復コードを確認する
acc-recovery-left = 使える回復コードは、残り{ $n }個です。
acc-recovery-write = 回復コードを控えてください
acc-recovery-write-text = 認証アプリやパスキーが使えなくなったときに、ログインするためのコードです。それぞれ1回だけ使えます。印刷するか書き写して、ほかの人の目に触れない場所に保管してください。この画面を閉じると、30分後には表示できなくなります。
acc-recovery-done = 控えました
acc-recovery-new-text = 新しいコードを作ると、前のコードは使えなくなります。
acc-recovery-new = 新しい回復コードを作る
acc-recovery-no-factor = 回復コードは、認証アプリかパスキーを設定すると作られます。

acc-again-title = ご本人の確認
acc-again-text = 大切な設定を変える前に、もう一度確認します。
acc-again-go = 確認する

acc-invitation-title = { $to_what }への招待
acc-invitation-text = { $from } さんから、{ $to_what } に招待されています。
acc-invitation-register = 氏名を入力し、パスワードを決めると、登録と承諾が済みます。
acc-invitation-register-go = 登録して承諾する
acc-invitation-sign-in = このメールアドレスは登録されています。ログインすると、この画面に戻ります。
acc-invitation-other = 別のアカウントでログインしています。ログアウトしてから、メールのリンクをもう一度開いてください。
acc-invitation-go = 招待を承諾する

acc-outbox-title = 送信箱（見本）
acc-outbox-text = 接続確認環境では、メールを送らずに、ここに残します。
acc-outbox-empty = メールはありません。
acc-outbox-to = 宛先
acc-outbox-state = 状態
acc-outbox-state-kept = 送らずに残しました
acc-outbox-state-queued = 送信待ち
acc-outbox-state-sent = 送信済み
acc-outbox-state-given_up = 送信できませんでした

acc-changed-password = パスワードが変更されました
acc-changed-email = メールアドレスが変更されました
acc-changed-totp-on = 認証アプリが設定されました
acc-changed-totp-off = 認証アプリの設定が削除されました
acc-changed-passkey-on = パスキーが登録されました
acc-changed-passkey-off = パスキーが削除されました
acc-changed-factors-reset = 二つ目の確認方法が、すべて解除されました
acc-changed-recovery-new = 新しい回復コードが作られました
acc-changed-recovery-used = 回復コードが使われました

acc-mail-foot = { $service }
    { $origin }
    このメールは自動で送っています。返信はできません。
acc-mail-register-subject = 【{ $service }】利用者登録の確認
acc-mail-register = { $service }の利用者登録を受け付けました。
    次のリンクを開いて、登録を続けてください。リンクは24時間、1回だけ使えます。

    { $link }

    心当たりがないときは、何もせずにこのメールを削除してください。登録は行われません。
acc-mail-known-subject = 【{ $service }】登録済みのメールアドレスです
acc-mail-known = { $name } 様

    このメールアドレスで登録の手続きがありましたが、すでに登録されています。
    ログインはこちらです。パスワードを忘れたときも、ここから決め直せます。

    { $link }

    心当たりがないときは、何もする必要はありません。
acc-mail-reset-subject = 【{ $service }】パスワードの再設定
acc-mail-reset = { $name } 様

    パスワードの再設定を受け付けました。
    次のリンクを開いて、新しいパスワードを決めてください。リンクは1時間、1回だけ使えます。

    { $link }

    心当たりがないときは、何もせずにこのメールを削除してください。パスワードは変わりません。
acc-mail-email-old-subject = 【{ $service }】メールアドレスの変更の確認
acc-mail-email-old = { $name } 様

    メールアドレスを { $email } に変更する手続きがありました。
    次のリンクを開いて、同意してください。新しいメールアドレスでも確認すると、変更が終わります。
    リンクは24時間、1回だけ使えます。

    { $link }

    心当たりがないときは、同意せずに、すぐにパスワードを変更してください。
acc-mail-email-new-subject = 【{ $service }】新しいメールアドレスの確認
acc-mail-email-new = このメールアドレスを、{ $service }のアカウントに使う手続きがありました。
    次のリンクを開いて、同意してください。リンクは24時間、1回だけ使えます。

    { $link }

    心当たりがないときは、何もせずにこのメールを削除してください。
acc-mail-invite-subject = 【{ $service }】{ $to_what } への招待
acc-mail-invite = { $from } さんから、{ $service }の { $to_what } に招待されています。
    次のリンクを開いて、承諾してください。リンクは14日間、1回だけ使えます。

    { $link }

    心当たりがないときは、何もせずにこのメールを削除してください。
acc-mail-changed-subject = 【{ $service }】アカウントの設定が変わりました
acc-mail-changed = { $name } 様

    { $what }。
    日時：{ $time }

    心当たりがないときは、すぐにパスワードを変更し、ログイン中の端末を確認して、運営に連絡してください。

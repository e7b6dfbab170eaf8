# 連携キットの画面の文言。キーは「kit-」で始める。
kit-email = メールアドレス
kit-email-hint = ログインに使います。例：hanako@example.jp
kit-password = パスワード
kit-password-hint = 8文字以上128文字まで。文字の種類は問いません。
kit-family-name = 姓
kit-given-name = 名

kit-sign-in-title = { $service }にログイン
kit-sign-in-link = { $portal }と連携する{ $service }のアカウントで、ログインしてください。安全のため、ログイン中でも、もう一度ログインが必要です。
kit-sign-in-go = ログインする
kit-no-account = { $service }のアカウントがないとき
kit-to-sign-up = 新しく登録する
kit-signed-out = ログアウトしました
kit-cancel = 連携をやめて{ $portal }に戻る

kit-sign-up-title = { $service }に新しく登録
kit-sign-up-link = 登録が終わると、{ $portal }との連携に進みます。
kit-sign-up-go = 登録する
kit-have-account = アカウントがあるとき
kit-to-sign-in = ログインする画面へ

kit-error-email = メールアドレスを「hanako@example.jp」のような形で入力してください
kit-error-password-empty = パスワードを入力してください
kit-error-password-length = パスワードは8文字以上128文字までで入力してください
kit-error-sign-in = メールアドレスまたはパスワードが違います。両方を確認して、もう一度入力してください
kit-error-too-often = ログインの失敗が続いたため、しばらくの間ログインできません。15分ほど待ってからやり直してください
kit-error-family-name = 姓を50文字までで入力してください
kit-error-given-name = 名を50文字までで入力してください
kit-error-taken = このメールアドレスは登録済みです。ログインするか、別のメールアドレスを入力してください
kit-error-not-offered = ここでは新しい登録を受け付けていません。アカウントがある方は、ログインしてください
kit-error-sign-up-often = 登録が続いたため、しばらくの間登録できません。15分ほど待ってからやり直してください

kit-allow-title = { $portal }との連携を許可しますか
kit-allow-text = 次の2つのアカウントを連携します。どちらも自分のものであることを確認してください。
kit-allow-portal-account = { $portal }のアカウント
kit-allow-here = { $service }のアカウント
kit-allow-what-title = { $portal }ができるようになること
kit-allow-what-1 = 届いている文書の一覧を見ること
kit-allow-what-2 = 届いている文書の内容を受け取ること
kit-allow-what-3 = { $portal }から、パスワードなしで{ $service }を開くこと
kit-allow-to = 提供先
kit-allow-until = 期間
kit-allow-until-text = 連携を解除するまで
kit-allow-undo = 解除の方法
kit-allow-undo-text = 連携した後も、{ $service }の「届いた文書」の画面と{ $portal }のマイページで、いつでも解除できます
kit-allow-beware = 自分で手続きを始めた場合だけ、許可してください。
kit-allow-go = 許可する
kit-deny-go = 許可しない
kit-other-account = 別のアカウントでログインする

kit-conflict-title = このアカウントとは連携できません
kit-conflict-text = { $service }のアカウントを確認してください。
kit-conflict-other = 別のアカウントで続ける
kit-not-linked = 連携は行われていません。

kit-linked-title = { $service }での手続きが終わりました
kit-linked-panel = 戻ると連携が完了します
kit-linked-when = 許可した日時
kit-linked-next = { $until }までに、下のボタンで戻ってください。戻らずに画面を閉じると、連携は行われません。
kit-linked-go = 属性連携設定サービスへ戻る

kit-back = { $portal }に戻る
kit-ended-expired-title = 手続きの時間が切れました
kit-ended-expired-text = 時間内に手続きが終わらなかったため、終了しました。戻って、もう一度始めてください。
kit-ended-refused-title = 連携を取りやめました
kit-ended-refused-text = この手続きは終わっています。
kit-ended-closed-title = この手続きは終わっています
kit-ended-closed-text = 別の画面で手続きが進んだか、取り消されています。戻って、状態を確認してください。
kit-ended-suspended-title = 現在、連携を受け付けていません
kit-ended-suspended-text = 時間をおいてやり直してください。

kit-notice-unknown-title = このページを表示できません
kit-notice-unknown-text = アドレスが正しくないか、手続きの期限が過ぎています。{ $portal }から、もう一度始めてください。続くときは、受付番号を添えて移動元のサービスにお問い合わせください。
kit-notice-elsewhere-title = 別の画面で手続きが進んでいます
kit-notice-elsewhere-text = 手続きを始めたブラウザーで続けてください。心当たりがないときは、この画面を閉じてください。
kit-notice-sso-issuer-title = このページを表示できません
kit-notice-sso-issuer-text = 知らないサービスから開かれました。{ $portal }の画面から開くか、メールアドレスとパスワードでログインしてください。
kit-notice-sso-unavailable-title = { $portal }から開けませんでした
kit-notice-sso-unavailable-text = 時間をおいてやり直すか、メールアドレスとパスワードで{ $service }にログインしてください。
kit-notice-sso-not-linked-title = { $portal }と連携していません
kit-notice-sso-not-linked-text = 連携しているアカウントが見つからないため、{ $portal }からは開けません。メールアドレスとパスワードで{ $service }にログインしてください。
kit-notice-sso-again-title = もう一度開いてください
kit-notice-sso-again-text = この画面は使い終わっているか、別のブラウザーで始められています。{ $portal }の画面から、もう一度{ $service }を開いてください。

kit-replace-title = 別のアカウントでログインしています
kit-replace-text = { $portal }から開いたのは、いまログインしているものとは別のアカウントです。切り替えますか。
kit-replace-current = いまのアカウント
kit-replace-next = { $portal }と連携しているアカウント
kit-replace-go = 切り替える
kit-replace-keep = 切り替えない

faq-title = よくある質問
faq-search = 質問を検索する
faq-search-hint = 言葉を空白で区切って入力してください。
faq-go = 検索する
faq-found = { $n }件見つかりました。
faq-all = すべて表示する
faq-updated = 更新日：
faq-not-there = 見つからないとき
faq-ask = 運営にお問い合わせください。
faq-ask-sign-in = ログインすると、運営に問い合わせることができます。初めての方はアカウントの新規登録が必要です。
faq-topic-general = 全般
faq-topic-application = 申請
faq-topic-settings = 設定
faq-topic-test = 接続試験
faq-topic-service = 利用開始後
faq-topic-trouble = 困ったとき

inquiries-title = 問合せ
inquiries-lead = 検討中のことから利用開始後のことまで、いつでもお問い合わせいただけます。先に、よくある質問もご覧ください。
inquiries-none = まだ問合せはありません。
inquiry-new-title = 問い合わせる
inquiry-line = { $receipt }、更新：
inquiry-status-open = 回答待ち
inquiry-status-answered = 回答あり
inquiry-status-closed = 終了
inquiry-for = どの立場での問合せですか
inquiry-for-hint = 組織を選ぶと、同じ組織のメンバーも読めます。
inquiry-personal = 個人（組織なし）
inquiry-case = 対象の手続
inquiry-topic = 分類
inquiry-subject = 件名
inquiry-body = 内容
inquiry-body-hint = 秘密鍵やパスワードは書かないでください。10,000文字まで。
inquiry-go = 送信する
inquiry-reply = 続けて送る
inquiry-reply-go = 送信する
inquiry-close = 解決したので終了する
inquiry-done-asked = 問合せを受け付けました
inquiry-done-asked-text = 受付番号は { $receipt } です。確認のメールを送信しました。
inquiry-done-said = 送信しました
inquiry-done-closed = 問合せを終了しました
inquiry-topic-missing = 分類を選んでください。
inquiry-subject-missing = 件名を入力してください。
inquiry-subject-long = 件名は{ $n }文字以内で入力してください。
inquiry-body-missing = 内容を入力してください。
inquiry-body-long = 内容は{ $n }文字以内で入力してください。長いときはファイルで添付してください。
inquiry-too-many = 1日に送れる数を超えました。明日以降に送ってください。
topic-application = 利用申請
topic-settings = 設定・鍵
topic-test = 接続試験
topic-production = 本番環境
topic-service = 変更・停止・再開・終了
topic-other = その他

mail-inquiry-subject = 【API利用申請窓口】問合せを受け付けました（{ $receipt }）
mail-inquiry-text =
    { $person } 様

    次の問合せを受け付けました。
    受付番号：{ $receipt }
    件名：{ $subject }

    内容と回答は、次のページで確認できます。
    { $link }

org-new-title = 新しい組織を登録する
org-new-lead = 登録した人が、組織の所有者になります。
org-edit-title = 組織の情報を変更する
org-save-new = 登録する
org-stale = 別の人が先に変更しました
org-stale-text = 入力した内容は残っています。確認して保存すると、この内容で上書きします。
org-kind = 組織の種類
org-kind-private = 民間事業者
org-kind-national = 国の機関
org-kind-local = 地方公共団体
org-kind-other = その他の行政機関等
org-name = 組織の名称
org-name-hint = 登記などの正式な名称
org-name_en = 組織の名称（英語）
org-name_en-hint = 英語の画面に表示します。
org-corporate_number = 法人番号
org-corporate_number-hint = 13桁の数字。民間事業者は必須です。
org-address = 所在地
org-address-hint = 郵便番号から入力してください。
org-phone = 代表電話番号
org-kind-missing = 組織の種類を選んでください。
org-name-missing = 組織の名称を入力してください。
org-address-missing = 所在地を入力してください。
org-phone-missing = 電話番号を入力してください。
org-too-long = 200文字以内で入力してください。
org-corporate_number-missing = 法人番号を入力してください。
org-corporate_number-length = 法人番号は13桁の数字で入力してください。
org-corporate_number-check = 法人番号の検査用数字が合いません。数字に誤りがないか確認してください。
org-cases = 手続
org-no-cases = まだ手続はありません。
org-services = サービス
org-facts = 組織の情報
service-new = 利用開始前
service-active = 利用中
service-suspended = 停止中
service-terminated = 終了

role-owner = 所有者
role-editor = 編集者
role-viewer = 閲覧者
role-owner-long = 所有者：すべての操作と、組織・メンバーの管理
role-editor-long = 編集者：書類の入力、提出、運営への連絡
role-viewer-long = 閲覧者：内容の確認と問合せ
members-link = メンバーと招待
members-title = メンバー
members-you = （あなた）
members-since = 参加した日：
members-done-invited = 招待のメールを送信しました
members-done-withdrawn = 招待を取り消しました
members-done-role = 権限を変更しました
members-done-removed = メンバーから外しました
invitations-open = 招待中
invitations-until = 期限：
invitations-withdraw = 招待を取り消す
invite-title = メンバーを招待する
invite-lead = 入力したアドレスに、14日間有効なリンクを送ります。そのアドレスの持ち主だけが参加できます。
invite-email = メールアドレス
invite-role = 権限
invite-go = 招待する
invite-email-wrong = メールアドレスを name@example.jp の形で入力してください。
invite-role-missing = 権限を選んでください。
invite-too-many = 1日に送れる招待の数を超えました。明日以降に送ってください。
member-title = { $name }さん
member-me-title = あなたの権限
people-only-owner = ただ一人の所有者です
people-last-owner = 組織には所有者が必要です。先に、ほかのメンバーを所有者にしてください。
hand-over-title = 所有者を引き継ぐ
hand-over-lead = 退職や異動のときは、所有者の権限をほかのメンバーに引き継いでください。
hand-over-to = 新しい所有者
hand-over-then = 引き継いだあとのあなた
hand-over-editor = 編集者として残る
hand-over-viewer = 閲覧者として残る
hand-over-leave = 組織から抜ける
hand-over-go = 引き継ぐ
hand-over-to-missing = 新しい所有者を選んでください。
hand-over-then-missing = 引き継いだあとのあなたの権限を選んでください。
role-title = 権限を変更する
role-go = 権限を変更する
leave-title = 組織から抜ける
leave-text = 抜けると、この組織の手続や書類は、すぐに見られなくなります。
remove-title = メンバーから外す
remove-text = { $name }さんは、この組織の手続や書類を、すぐに見られなくなります。提出した書類や履歴は残ります。

mail-removed-subject = 【API利用申請窓口】「{ $org }」のメンバーから外れました
mail-removed-text =
    { $person } 様

    「{ $org }」の所有者の操作により、あなたは同組織のメンバーから外れました。
    お心当たりがない場合は、同組織の所有者に確認してください。
mail-owner-subject = 【API利用申請窓口】「{ $org }」の所有者になりました
mail-owner-text =
    { $person } 様

    { $from } さんから「{ $org }」の所有者を引き継ぎました。
    メンバーの管理と、すべての手続ができます。
